#include "module/persistent_hook.h"

#include <utility>

#include "cpython/compat.h"

namespace cppickle::module {

using cpython::Ref;

PyObject* get_hook(PyObject* self, const Ref& assigned, PyMethodDef& nothing) {
  return assigned ? Py_NewRef(assigned.get()) : PyCFunction_New(&nothing, self);
}

int set_hook(Ref& assigned, PyObject* value, const char* name) {
  if (value == nullptr && !assigned) {
    PyErr_SetString(PyExc_AttributeError, name);
    return -1;
  }
  if (value != nullptr && !PyCallable_Check(value)) {
    PyErr_Format(PyExc_TypeError, "%s must be a callable taking one argument", name);
    return -1;
  }
  assigned = Ref::borrow(value);
  return 0;
}

Ref hook_of(PyObject* self, PyObject* name, const PyMethodDef& nothing) {
  Ref hook = cpython::lookup_attribute(self, name);
  bool is_default = hook && PyCFunction_Check(hook.get()) &&
                    PyCFunction_GET_FUNCTION(hook.get()) == nothing.ml_meth;
  return is_default ? Ref() : std::move(hook);
}

}  // namespace cppickle::module
