#include "cpython/compat.h"

#include <cstring>

namespace cppickle::cpython {

Ref lookup_attribute(PyObject* object, PyObject* name) {
  PyObject* value = nullptr;
#if PY_VERSION_HEX >= 0x030d0000
  checked_status(PyObject_GetOptionalAttr(object, name, &value));
#else
  checked_status(_PyObject_LookupAttr(object, name, &value));
#endif
  return Ref::steal(value);
}

PyObject* type_lookup(PyTypeObject* type, PyObject* name) { return _PyType_Lookup(type, name); }

PyObject* type_dict(PyTypeObject* type) {
#if PY_VERSION_HEX >= 0x030c0000
  // Static builtin types keep their namespace per interpreter from 3.12 on; it lives as long as the type does.
  PyObject* dict = PyType_GetDict(type);
  Py_XDECREF(dict);
  return dict;
#else
  return type->tp_dict;
#endif
}

bool is_objects_own(PyTypeObject* type, PyObject* name) {
  return type_lookup(type, name) == type_lookup(&PyBaseObject_Type, name);
}

Ref instance_dict(PyObject* object) {
  PyObject* dict = PyObject_GenericGetDict(object, nullptr);
  if (dict == nullptr) {
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) throw ErrorSet{};
    PyErr_Clear();
  }
  return Ref::steal(dict);
}

std::size_t long_byte_count(PyObject* value) {
#if PY_VERSION_HEX >= 0x030e0000
  std::int64_t bits = _PyLong_NumBits(value);
#else
  std::size_t bits = _PyLong_NumBits(value);
#endif
  if (bits == static_cast<decltype(bits)>(-1) && PyErr_Occurred()) throw ErrorSet{};
  return static_cast<std::size_t>(bits >> 3) + 1;
}

void long_as_bytes(PyObject* value, char* out, std::size_t count) {
  auto bytes = reinterpret_cast<unsigned char*>(out);
  auto number = reinterpret_cast<PyLongObject*>(value);
#if PY_VERSION_HEX >= 0x030d0000
  checked_status(_PyLong_AsByteArray(number, bytes, count, 1, 1, 1));
#else
  checked_status(_PyLong_AsByteArray(number, bytes, count, 1, 1));
#endif
}

bool small_int(PyObject* value, std::int32_t& out) {
  auto number = reinterpret_cast<PyLongObject*>(value);
#if PY_VERSION_HEX >= 0x030c0000
  if (!PyUnstable_Long_IsCompact(number)) return false;
  Py_ssize_t compact = PyUnstable_Long_CompactValue(number);
#else
  Py_ssize_t size = Py_SIZE(number);
  if (size < -1 || size > 1) return false;
  Py_ssize_t compact = size * static_cast<Py_ssize_t>(number->ob_digit[0]);
#endif
  out = static_cast<std::int32_t>(compact);  // a digit has 30 bits
  return true;
}

bool set_next(PyObject* set, Py_ssize_t* position, PyObject** item) {
#if PY_VERSION_HEX >= 0x030d0000
  auto table = reinterpret_cast<PySetObject*>(set);
  setentry* entry = table->table + *position;
  setentry* end = table->table + table->mask + 1;
  while (entry < end && (entry->key == nullptr || entry->hash == -1)) ++entry;
  *position = entry - table->table + 1;
  if (entry >= end) return false;
  *item = entry->key;
  return true;
#else
  Py_hash_t hash;
  return _PySet_NextEntry(set, position, item, &hash) != 0;
#endif
}

std::string_view bytecode_magic() {
  static const long number = PyImport_GetMagicNumber();
  return {reinterpret_cast<const char*>(&number), 4};
}

Ref take_raised() {
#if PY_VERSION_HEX >= 0x030c0000
  return Ref::steal(PyErr_GetRaisedException());
#else
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr && value != nullptr) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return Ref::steal(value);
#endif
}

void set_raised(Ref exception) {
#if PY_VERSION_HEX >= 0x030c0000
  PyErr_SetRaisedException(exception.release());
#else
  PyObject* value = exception.release();
  PyErr_Restore(Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(value))), value,
                PyException_GetTraceback(value));
#endif
}

PyObject* loaded_modules() { return PyImport_GetModuleDict(); }

}  // namespace cppickle::cpython
