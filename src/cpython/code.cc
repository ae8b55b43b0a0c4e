#include "cpython/code.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace cppickle::cpython {
namespace {

using Kind = CodeField::Kind;

PyCodeObject* as_code(PyObject* code) { return reinterpret_cast<PyCodeObject*>(code); }

// Where a field of the struct is: a number or an object.
struct Member {
  Kind kind;
  int PyCodeObject::* number;
  PyObject* PyCodeObject::* object;
};

constexpr Member number(int PyCodeObject::* member) {
  return {Kind::kNumber, member, nullptr};
}
constexpr Member object(PyObject* PyCodeObject::* member, Kind kind = Kind::kObject) {
  return {kind, nullptr, member};
}

constexpr Member kMembers[] = {
    number(&PyCodeObject::co_argcount),
    number(&PyCodeObject::co_posonlyargcount),
    number(&PyCodeObject::co_kwonlyargcount),
#if PY_VERSION_HEX < 0x030b0000
    number(&PyCodeObject::co_nlocals),
#endif
    number(&PyCodeObject::co_stacksize),
    number(&PyCodeObject::co_flags),
    object(nullptr, Kind::kBytecode),
    object(&PyCodeObject::co_consts),
    object(&PyCodeObject::co_names),
#if PY_VERSION_HEX >= 0x030b0000
    object(&PyCodeObject::co_localsplusnames),
    object(&PyCodeObject::co_localspluskinds),
#else
    object(&PyCodeObject::co_varnames),
    object(&PyCodeObject::co_freevars),
    object(&PyCodeObject::co_cellvars),
#endif
    object(&PyCodeObject::co_filename, Kind::kFilename),
    object(&PyCodeObject::co_name, Kind::kName),
#if PY_VERSION_HEX >= 0x030b0000
    object(&PyCodeObject::co_qualname, Kind::kName),
#endif
    number(&PyCodeObject::co_firstlineno),
    object(&PyCodeObject::co_linetable),
#if PY_VERSION_HEX >= 0x030b0000
    object(&PyCodeObject::co_exceptiontable),
#endif
};
static_assert(std::size(kMembers) == kCodeFieldCount);

}  // namespace

CodeField code_field(PyObject* code, std::size_t place) {
  const Member& member = kMembers[place];
  CodeField field{member.kind, 0, nullptr};
  if (member.number != nullptr) field.number = as_code(code)->*member.number;
  if (member.object != nullptr) field.object = as_code(code)->*member.object;
  return field;
}

Ref unspecialised_bytecode(PyObject* code) {
#if PY_VERSION_HEX >= 0x030b0000
  return checked(PyCode_GetCode(as_code(code)));
#else
  return Ref::borrow(as_code(code)->co_code);
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
  // Another copy of this library in the process has another `release`, and its own data
  // in its own slot.
  Ref key = checked(
      PyUnicode_FromFormat("cppickle code extra %p", reinterpret_cast<void*>(release)));
  if (PyObject* known = checked_lookup(PyDict_GetItemWithError(state, key.get()))) {
    return PyLong_AsSsize_t(known);
  }
#if PY_VERSION_HEX >= 0x030c0000
  Py_ssize_t slot = PyUnstable_Eval_RequestCodeExtraIndex(release);
#else
  Py_ssize_t slot = _PyEval_RequestCodeExtraIndex(release);
#endif
  if (slot < 0) raise(PyExc_RuntimeError, "no slot for code extra data is free");
  checked_status(
      PyDict_SetItem(state, key.get(), checked(PyLong_FromSsize_t(slot)).get()));
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

namespace {

// A line table that covers `size` bytes of instructions without a location.
// Objects/locations.md (3.11 and later: entries of code 15, each for up to 8 code
// units), Objects/lnotab_notes.txt (3.10: pairs of a byte count and -128).
std::string table_without_lines(std::size_t size) {
  std::string table;
#if PY_VERSION_HEX >= 0x030b0000
  constexpr unsigned kNoLocation = 0x80 | 15 << 3;
  for (std::size_t units = size / 2; units != 0;) {
    std::size_t covered = std::min<std::size_t>(units, 8);
    table.push_back(static_cast<char>(kNoLocation | (covered - 1)));
    units -= covered;
  }
#else
  for (std::size_t left = size; left != 0;) {
    std::size_t covered = std::min<std::size_t>(left, 254);
    table.push_back(static_cast<char>(covered));
    table.push_back(static_cast<char>(-128));
    left -= covered;
  }
#endif
  return table;
}

}  // namespace

bool is_made_for_tracebacks(PyObject* code) {
  auto fields = reinterpret_cast<PyCodeObject*>(code);
  return PyTuple_GET_SIZE(fields->co_names) == 0 &&
         PyTuple_GET_SIZE(fields->co_consts) == 0 && fields->co_argcount == 0 &&
         PyTuple_GET_SIZE(code_free_variables(code).get()) == 0;
}

namespace {

Ref replaced(PyObject* code, PyObject* keywords) {
  Ref replace = checked(PyObject_GetAttrString(code, "replace"));
  Ref arguments = checked(PyTuple_New(0));
  return checked(PyObject_Call(replace.get(), arguments.get(), keywords));
}

}  // namespace

Ref code_with_constants(PyObject* code, PyObject* constants) {
  return replaced(code, checked(Py_BuildValue("{s:O}", "co_consts", constants)).get());
}

Ref code_without_lines(PyObject* code) {
  Ref bytecode = unspecialised_bytecode(code);
  std::string table =
      table_without_lines(static_cast<std::size_t>(PyBytes_GET_SIZE(bytecode.get())));
  Ref keywords = checked(Py_BuildValue("{s:y#}", "co_linetable", table.data(),
                                       static_cast<Py_ssize_t>(table.size())));
  return replaced(code, keywords.get());
}

}  // namespace cppickle::cpython
