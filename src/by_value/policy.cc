#include "by_value/policy.h"

#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::checked_lookup;
using cpython::checked_status;
using cpython::loaded_module;
using cpython::Ref;

namespace {

// One part of a dotted name, without running anyone's code where that is possible, or
// at all without a pickler.
Ref attribute_of(pickling::Pickler* pickler, PyObject* owner, PyObject* name) {
  PyObject* found = nullptr;
  if (PyModule_CheckExact(owner)) {
    found = checked_lookup(PyDict_GetItemWithError(PyModule_GetDict(owner), name));
  } else if (PyType_Check(owner)) {
    found = cpython::type_lookup(reinterpret_cast<PyTypeObject*>(owner), name);
    if (found != nullptr && !PyFunction_Check(found) && !PyType_Check(found))
      found = nullptr;
  }
  if (found != nullptr) return Ref::borrow(found);
  if (pickler == nullptr) return Ref();
  pickler->before_foreign_code();
  return cpython::lookup_attribute(owner, name);
}

PyObject* name_of_module(PyObject* module) {
  if (!PyModule_Check(module)) {
    cpython::raise_format(PyExc_ValueError,
                          "Input should be a module object, got %S instead", module);
  }
  PyObject* name =
      checked_lookup(PyDict_GetItemString(PyModule_GetDict(module), "__name__"));
  if (name == nullptr || !PyUnicode_Check(name))
    cpython::raise(PyExc_ValueError, "the module has no name");
  return name;
}

}  // namespace

void Policy::load() { registry_ = checked(PySet_New(nullptr)).release(); }

int Policy::traverse(visitproc visit, void* arg) const {
  Py_VISIT(registry_);
  return 0;
}

void Policy::release() { Py_CLEAR(registry_); }

void Policy::add(PyObject* module) {
  PyObject* name = name_of_module(module);
  if (loaded_module(name) == nullptr) {
    cpython::raise_format(PyExc_ValueError,
                          "%R was not imported correctly, have you used an `import` "
                          "statement to access it?",
                          module);
  }
  checked_status(PySet_Add(registry_, name));
}

void Policy::remove(PyObject* module) {
  int found = checked_status(PySet_Discard(registry_, name_of_module(module)));
  if (!found)
    cpython::raise_format(PyExc_ValueError, "%R is not registered for pickle by value",
                          module);
}

Ref Policy::registry_copy() const { return checked(PySet_New(registry_)); }

void Policy::use_registry(PyObject* names) {
  if (!PySet_Check(names)) {
    cpython::raise_format(PyExc_TypeError,
                          "the registry of modules must be a set, not %.200s",
                          Py_TYPE(names)->tp_name);
  }
  Ref old = Ref::steal(std::exchange(registry_, Py_NewRef(names)));
}

bool Policy::is_registered(PyObject* module_name) const {
  if (replacements_.of(Helper::kIsRegistered) != nullptr) [[unlikely]] {
    if (PyObject* module = loaded_module(module_name))
      return replacements_.is_true(Helper::kIsRegistered, Ref::borrow(module).get());
  }
  return is_in_registry(module_name);
}

bool Policy::is_in_registry(PyObject* module_name) const {
  if (PySet_GET_SIZE(registry_) == 0) return false;
  Ref registry = Ref::borrow(registry_);
  Ref name = Ref::borrow(module_name);
  for (;;) {
    if (checked_status(PySet_Contains(registry.get(), name.get()))) return true;
    Py_ssize_t dot =
        PyUnicode_FindChar(name.get(), '.', 0, PyUnicode_GET_LENGTH(name.get()), -1);
    if (dot < 0) return false;
    name = checked(PyUnicode_Substring(name.get(), 0, dot));
  }
}

// __mp_main__ is what multiprocessing's children call the main module: nobody else can
// import it.
bool Policy::is_main(PyObject* module_name) const {
  const cpython::Names& names = imported_.names;
  return PyUnicode_Compare(module_name, names.main) == 0 ||
         PyUnicode_Compare(module_name, names.mp_main) == 0;
}

bool Policy::leads_to(pickling::Pickler* pickler, PyObject* object,
                      const GlobalName& name) const {
  if (name.module == nullptr || !PyUnicode_Check(name.module) || is_main(name.module))
    return false;
  Ref found = Ref::borrow(loaded_module(name.module));
  if (!found) return false;
  if (pickler != nullptr ? is_registered(name.module) : is_in_registry(name.module))
    return false;
  Py_ssize_t length = PyUnicode_GET_LENGTH(name.qualname);
  for (Py_ssize_t begin = 0; found && begin <= length;) {
    Py_ssize_t end = PyUnicode_FindChar(name.qualname, '.', begin, length, 1);
    if (end < 0) end = length;
    bool whole = begin == 0 && end == length;
    Ref part = whole ? Ref::borrow(name.qualname)
                     : checked(PyUnicode_Substring(name.qualname, begin, end));
    if (PyUnicode_CompareWithASCIIString(part.get(), "<locals>") == 0) return false;
    found = attribute_of(pickler, found.get(), part.get());
    begin = end + 1;
  }
  return found.get() == object;
}

}  // namespace cppickle::by_value
