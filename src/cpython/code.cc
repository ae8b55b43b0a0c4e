#include "cpython/code.h"

namespace cppickle::cpython {
namespace {

using Kind = CodeField::Kind;

PyCodeObject* as_code(PyObject* code) { return reinterpret_cast<PyCodeObject*>(code); }

CodeField number(int value) { return {Kind::kNumber, value, nullptr}; }
CodeField object(PyObject* value) { return {Kind::kObject, 0, value}; }
CodeField name(PyObject* value) { return {Kind::kName, 0, value}; }
CodeField filename(PyObject* value) { return {Kind::kFilename, 0, value}; }

}  // namespace

Ref unspecialised_bytecode(PyObject* code) {
#if PY_VERSION_HEX >= 0x030b0000
  return checked(PyCode_GetCode(as_code(code)));
#else
  return Ref::borrow(as_code(code)->co_code);
#endif
}

CodeFields code_fields(PyObject* code, PyObject* bytecode) {
  const PyCodeObject& co = *as_code(code);
#if PY_VERSION_HEX >= 0x030b0000
  return {number(co.co_argcount),
          number(co.co_posonlyargcount),
          number(co.co_kwonlyargcount),
          number(co.co_stacksize),
          number(co.co_flags),
          {Kind::kBytecode, 0, bytecode},
          object(co.co_consts),
          object(co.co_names),
          object(co.co_localsplusnames),
          object(co.co_localspluskinds),
          filename(co.co_filename),
          name(co.co_name),
          name(co.co_qualname),
          number(co.co_firstlineno),
          object(co.co_linetable),
          object(co.co_exceptiontable)};
#else
  return {number(co.co_argcount),
          number(co.co_posonlyargcount),
          number(co.co_kwonlyargcount),
          number(co.co_nlocals),
          number(co.co_stacksize),
          number(co.co_flags),
          {Kind::kBytecode, 0, bytecode},
          object(co.co_consts),
          object(co.co_names),
          object(co.co_varnames),
          object(co.co_freevars),
          object(co.co_cellvars),
          filename(co.co_filename),
          name(co.co_name),
          number(co.co_firstlineno),
          object(co.co_linetable)};
#endif
}

PyObject* code_names(PyObject* code) { return as_code(code)->co_names; }

PyObject* code_constants(PyObject* code) { return as_code(code)->co_consts; }

PyObject* code_qualname(PyObject* code) {
#if PY_VERSION_HEX >= 0x030b0000
  return as_code(code)->co_qualname;
#else
  return as_code(code)->co_name;
#endif
}

Ref code_free_variables(PyObject* code) {
#if PY_VERSION_HEX >= 0x030b0000
  return checked(PyCode_GetFreevars(as_code(code)));
#else
  return Ref::borrow(as_code(code)->co_freevars);
#endif
}

Py_ssize_t request_code_extra(freefunc release) {
  PyObject* state = PyInterpreterState_GetDict(PyInterpreterState_Get());
  if (state == nullptr) raise(PyExc_RuntimeError, "the interpreter has no state dict");
  // Another copy of this library in the process has another `release`, and its own data in its own slot.
  Ref key = checked(PyUnicode_FromFormat("cppickle code extra %p",
                                         reinterpret_cast<void*>(release)));
  if (PyObject* known = checked_lookup(PyDict_GetItemWithError(state, key.get()))) {
    return PyLong_AsSsize_t(known);
  }
#if PY_VERSION_HEX >= 0x030c0000
  Py_ssize_t slot = PyUnstable_Eval_RequestCodeExtraIndex(release);
#else
  Py_ssize_t slot = _PyEval_RequestCodeExtraIndex(release);
#endif
  if (slot < 0) raise(PyExc_RuntimeError, "no slot for code extra data is free");
  checked_status(PyDict_SetItem(state, key.get(), checked(PyLong_FromSsize_t(slot)).get()));
  return slot;
}

void* code_extra(PyObject* code, Py_ssize_t slot) {
  void* extra = nullptr;
#if PY_VERSION_HEX >= 0x030c0000
  checked_status(PyUnstable_Code_GetExtra(code, slot, &extra));
#else
  checked_status(_PyCode_GetExtra(code, slot, &extra));
#endif
  return extra;
}

void set_code_extra(PyObject* code, Py_ssize_t slot, void* extra) {
#if PY_VERSION_HEX >= 0x030c0000
  int status = PyUnstable_Code_SetExtra(code, slot, extra);
#else
  int status = _PyCode_SetExtra(code, slot, extra);
#endif
  if (status >= 0) return;
  if (!PyErr_Occurred()) PyErr_NoMemory();
  throw ErrorSet{};
}

Ref code_without_lines(PyObject* code) {
  Ref replace = checked(PyObject_GetAttrString(code, "replace"));
  Ref keywords = checked(Py_BuildValue("{s:y#}", "co_linetable", "", Py_ssize_t{0}));
  Ref arguments = checked(PyTuple_New(0));
  return checked(PyObject_Call(replace.get(), arguments.get(), keywords.get()));
}

}  // namespace cppickle::cpython
