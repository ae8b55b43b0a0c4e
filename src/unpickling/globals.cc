#include "unpickling/globals.h"

#include <utility>

#include "cpython/building.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"

namespace cppickle::unpickling {

using cpython::checked;
using cpython::checked_lookup;
using cpython::ErrorSet;
using cpython::Imported;
using cpython::Ref;

namespace {

// A module and a name in it, both str.
struct Place {
  Ref module;
  Ref name;
};

Place renamed(PyObject* entry) {
  if (!PyTuple_Check(entry) || PyTuple_GET_SIZE(entry) != 2) {
    cpython::raise_format(PyExc_RuntimeError,
                          "_compat_pickle.NAME_MAPPING values should be 2-tuples, not "
                          "%.200s",
                          Py_TYPE(entry)->tp_name);
  }
  PyObject* module = PyTuple_GET_ITEM(entry, 0);
  PyObject* name = PyTuple_GET_ITEM(entry, 1);
  if (!PyUnicode_Check(module) || !PyUnicode_Check(name)) {
    cpython::raise_format(PyExc_RuntimeError,
                          "_compat_pickle.NAME_MAPPING values should be pairs of str, "
                          "not (%.200s, %.200s)",
                          Py_TYPE(module)->tp_name, Py_TYPE(name)->tp_name);
  }
  return {Ref::borrow(module), Ref::borrow(name)};
}

// Where Python 3 has what Python 2 had there.
Place place_in_python_3(const Imported& imported, PyObject* module, PyObject* name) {
  Ref key = checked(PyTuple_Pack(2, module, name));
  PyObject* entry =
      checked_lookup(PyDict_GetItemWithError(imported.name_mapping_2to3, key.get()));
  if (entry != nullptr) return renamed(entry);
  entry = checked_lookup(PyDict_GetItemWithError(imported.import_mapping_2to3, module));
  if (entry == nullptr) return {Ref::borrow(module), Ref::borrow(name)};
  if (!PyUnicode_Check(entry)) {
    cpython::raise_format(PyExc_RuntimeError,
                          "_compat_pickle.IMPORT_MAPPING values should be strings, not "
                          "%.200s",
                          Py_TYPE(entry)->tp_name);
  }
  return {Ref::borrow(entry), Ref::borrow(name)};
}

// True while another thread, or a caller of ours, imports the module.
bool is_initializing(const Imported& imported, PyObject* module_dict) {
  PyObject* spec = cpython::dict_entry(module_dict, imported.names.spec);
  if (spec == nullptr || spec == Py_None) return false;
  Ref held = Ref::borrow(spec);
  Ref flag = cpython::lookup_attribute(held.get(), imported.names.initializing);
  return flag && flag.get() != Py_False;
}

// The module as an import would give it, without one: it is there and complete, and
// nobody has replaced __import__.  Empty: an import has to tell.
Ref module_without_import(const Imported& imported, PyObject* name) {
  PyObject* builtins = PyEval_GetBuiltins();
  if (!PyDict_CheckExact(builtins) || !PyUnicode_CheckExact(name)) return {};
  if (cpython::dict_entry(builtins, imported.names.import_name) !=
      imported.builtin_import) {
    return {};
  }
  Ref module = Ref::borrow(cpython::loaded_module(name));
  if (!module || !PyModule_CheckExact(module.get())) return {};
  if (is_initializing(imported, PyModule_GetDict(module.get()))) return {};
  return module;
}

// The object for the name of a module of cloudpickle's, or an empty Ref.
Ref in_compat(PyObject* module_name, PyObject* name) {
  Ref error = cpython::take_raised();
  if (PyErr_GivenExceptionMatches(error.get(), PyExc_ModuleNotFoundError)) {
    Ref missing = checked(PyObject_GetAttrString(error.get(), "name"));
    if (PyUnicode_Check(missing.get()) &&
        PyUnicode_CompareWithASCIIString(missing.get(), "cloudpickle") == 0) {
      Ref find = cpython::import_attribute("cppickle._loading", "find_in_compat");
      return checked(
          PyObject_CallFunctionObjArgs(find.get(), module_name, name, nullptr));
    }
  }
  cpython::set_raised(std::move(error));
  throw ErrorSet{};
}

// The attribute at the end of a dotted path.  Empty where one is missing.
Ref attribute_at(PyObject* module, PyObject* path) {
  Ref dot = checked(PyUnicode_FromStringAndSize(".", 1));
  Ref parts = checked(PyUnicode_Split(path, dot.get(), -1));
  if (cpython::has_locals(path)) return {};
  Ref found = Ref::borrow(module);
  for (Py_ssize_t i = 0; found && i < PyList_GET_SIZE(parts.get()); ++i) {
    Ref part = Ref::borrow(PyList_GET_ITEM(parts.get(), i));
    found = cpython::lookup_attribute(found.get(), part.get());
  }
  return found;
}

}  // namespace

Ref find_global(const Imported& imported, PyObject* module_name, PyObject* name,
                int protocol, bool fix_imports) {
  cpython::checked_status(PySys_Audit("pickle.find_class", "OO", module_name, name));
  Place place{Ref::borrow(module_name), Ref::borrow(name)};
  if (protocol < 3 && fix_imports)
    place = place_in_python_3(imported, module_name, name);
  Ref module = module_without_import(imported, place.module.get());
  if (!module) module = Ref::steal(PyImport_Import(place.module.get()));
  if (!module) return in_compat(place.module.get(), place.name.get());
  bool dotted = protocol >= 4 && PyUnicode_Check(place.name.get()) &&
                PyUnicode_FindChar(place.name.get(), '.', 0,
                                   PyUnicode_GET_LENGTH(place.name.get()), 1) >= 0;
  Ref found = dotted ? attribute_at(module.get(), place.name.get())
                     : cpython::lookup_attribute(module.get(), place.name.get());
  if (found) return found;
  bool is_path = protocol >= 4;
  cpython::raise_missing_global(module.get(), place.module.get(), place.name.get(),
                                is_path);
}

}  // namespace cppickle::unpickling
