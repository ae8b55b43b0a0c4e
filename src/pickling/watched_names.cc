#include "pickling/watched_names.h"

#include <algorithm>
#include <cstdint>

#include "cpython/compat.h"
#include "cpython/dicts.h"

namespace cppickle::pickling {

using cpython::Ref;

void WatchedNames::add_name(PyObject* dict, PyObject* name) {
  auto known = std::ranges::find_if(
      namespaces_, [&](const WatchedDict& space) { return space.dict.get() == dict; });
  if (known == namespaces_.end()) {
    namespaces_.push_back({Ref::borrow(dict), {}});
    known = namespaces_.end() - 1;
  }
  known->entries.push_back(
      {Ref::borrow(name), Ref::borrow(cpython::dict_entry(dict, name))});
  known->version = 0;
}

bool WatchedNames::add_global(PyObject* module_name, PyObject* name) {
  PyObject* module = cpython::loaded_module(module_name);
  if (module == nullptr || !PyModule_CheckExact(module)) return false;
  add_name(cpython::loaded_modules(), module_name);
  add_name(PyModule_GetDict(module), name);
  return true;
}

bool WatchedNames::add_function(PyObject* function) {
  PyObject* globals = PyFunction_GET_GLOBALS(function);
  PyObject* builtins = reinterpret_cast<PyFunctionObject*>(function)->func_builtins;
  if (!PyDict_CheckExact(globals) || !PyDict_CheckExact(builtins)) return false;
  PyObject* code = PyFunction_GET_CODE(function);
  functions_.push_back({Ref::borrow(function), Ref::borrow(code)});
  // Names of attributes are among them, which does no harm.
  PyObject* names = reinterpret_cast<PyCodeObject*>(code)->co_names;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
    PyObject* name = PyTuple_GET_ITEM(names, i);
    add_name(globals, name);
    if (cpython::dict_entry(globals, name) == nullptr &&
        cpython::dict_entry(builtins, name) != nullptr)
      add_name(builtins, name);
  }
  PyObject* closure = PyFunction_GET_CLOSURE(function);
  Py_ssize_t cell_count = closure == nullptr ? 0 : PyTuple_GET_SIZE(closure);
  for (Py_ssize_t i = 0; i < cell_count; ++i) {
    PyObject* cell = PyTuple_GET_ITEM(closure, i);
    cells_.push_back({Ref::borrow(cell), Ref::borrow(PyCell_GET(cell))});
  }
  return true;
}

bool WatchedNames::hold() const {
  for (const Function& entry : functions_) {
    if (PyFunction_GET_CODE(entry.function.get()) != entry.code.get()) return false;
  }
  for (const Cell& entry : cells_) {
    if (PyCell_GET(entry.cell.get()) != entry.content.get()) return false;
  }
  return std::ranges::all_of(namespaces_, [](const WatchedDict& space) {
    PyObject* dict = space.dict.get();
    std::uint64_t version = cpython::dict_version(dict);
    if (version != 0 && version == space.version) return true;
    bool same = std::ranges::all_of(space.entries, [&](const WatchedName& entry) {
      return cpython::dict_entry(dict, entry.name.get()) == entry.value.get();
    });
    if (same) space.version = version;
    return same;
  });
}

}  // namespace cppickle::pickling
