#include "bytecode/foreign_constants.h"

#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"

namespace cppickle::bytecode {

using cpython::checked;
using cpython::Ref;

namespace {

bool is_foreign(PyObject* constant, int depth);

bool has_foreign_items(PyObject* tuple, int depth) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); ++i) {
    if (is_foreign(PyTuple_GET_ITEM(tuple, i), depth)) return true;
  }
  return false;
}

bool has_foreign_members(PyObject* set, int depth) {
  Py_ssize_t position = 0;
  PyObject* item;
  while (cpython::set_next(set, &position, &item)) {
    if (is_foreign(item, depth)) return true;
  }
  return false;
}

bool is_foreign_slice(PyObject* object, int depth) {
  auto slice = reinterpret_cast<PySliceObject*>(object);
  return !cpython::kMarshalReadsSlices || is_foreign(slice->start, depth) ||
         is_foreign(slice->stop, depth) || is_foreign(slice->step, depth);
}

bool is_foreign(PyObject* constant, int depth) {
  // What is nested deeper is refused by the marshal writer, whatever it is.
  if (++depth > cpython::kMarshalDepth) return false;
  if (constant == Py_None || constant == Py_True || constant == Py_False ||
      constant == Py_Ellipsis)
    return false;
  PyTypeObject* type = Py_TYPE(constant);
  if (type == &PyTuple_Type) return has_foreign_items(constant, depth);
  if (type == &PyFrozenSet_Type) return has_foreign_members(constant, depth);
  if (type == &PySlice_Type) return is_foreign_slice(constant, depth);
  if (type == &PyCode_Type)
    return has_foreign_items(cpython::code_constants(constant), depth);
  return type != &PyUnicode_Type && type != &PyBytes_Type && type != &PyLong_Type &&
         type != &PyFloat_Type && type != &PyComplex_Type;
}

}  // namespace

bool has_foreign_constants(PyObject* code) { return is_foreign(code, 0); }

Ref without_foreign_constants(PyObject* code) {
  PyObject* all = cpython::code_constants(code);
  Ref others = checked(PyTuple_New(PyTuple_GET_SIZE(all)));
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(all); ++i) {
    PyObject* constant = PyTuple_GET_ITEM(all, i);
    PyTuple_SET_ITEM(others.get(), i,
                     Py_NewRef(is_foreign(constant, 0) ? Py_None : constant));
  }
  return cpython::code_with_constants(code, others.get());
}

}  // namespace cppickle::bytecode
