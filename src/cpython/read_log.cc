#include "cpython/read_log.h"

#include <algorithm>
#include <vector>

#include "cpython/compat.h"

namespace cppickle::cpython {

namespace {

// Builds with a log are for tests: there is no other state that all readers reach.
std::vector<ReadLog*>& open_logs() {
  static std::vector<ReadLog*> logs;
  return logs;
}

std::string text_of(PyObject* name) {
  if (name == nullptr) return {};
  if (PyUnicode_CheckExact(name) && PyUnicode_IS_COMPACT_ASCII(name))
    return std::string(compact_ascii(name));
  // No foreign code: its address has to do.
  return "at " + std::to_string(reinterpret_cast<std::uintptr_t>(name));
}

}  // namespace

std::string description_for_log(PyObject* object) {
  std::string type = Py_TYPE(object)->tp_name;
  if (PyFunction_Check(object))
    return type + " " +
           text_of(reinterpret_cast<PyFunctionObject*>(object)->func_qualname);
  if (PyType_Check(object))
    return type + " " + reinterpret_cast<PyTypeObject*>(object)->tp_name;
  if (PyCode_Check(object))
    return type + " " + text_of(reinterpret_cast<PyCodeObject*>(object)->co_name);
  if (PyTuple_CheckExact(object)) {
    for (PyObject* item : own_items(object))
      type.append(" ").append(Py_TYPE(item)->tp_name);
  }
  if (!PyDict_CheckExact(object)) return type;
  std::string names;
  Py_ssize_t position = 0;
  PyObject *key, *value;
  for (int few = 0; few < 4 && PyDict_Next(object, &position, &key, &value); ++few)
    names += " " + text_of(key);
  return type + " with" + names;
}

void ReadLog::begin() { open_logs().push_back(this); }

void ReadLog::end() { std::erase(open_logs(), this); }

void log_read(Read kind, PyObject* object, std::string_view part) {
  if (open_logs().empty()) return;
  auto is_static = [](PyTypeObject* type) {
    return (type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0;
  };
  LoggedRead read{
      kind,
      object,
      std::string(part),
      description_for_log(object),
      PyType_Check(object) && is_static(reinterpret_cast<PyTypeObject*>(object)),
      is_static(Py_TYPE(object)) && !PyModule_Check(object),
      Py_TYPE(object) == &PyBaseObject_Type || object == Py_Ellipsis ||
          object == Py_NotImplemented};
  for (ReadLog* log : open_logs()) log->add(read);
}

void log_read(Read kind, PyObject* object, PyObject* name) {
  if (!open_logs().empty()) log_read(kind, object, text_of(name));
}

void log_made(PyObject* object) {
  for (ReadLog* log : open_logs()) log->add_made(object);
}

}  // namespace cppickle::cpython
