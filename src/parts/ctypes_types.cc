#include "parts/ctypes_types.h"

#include <string_view>
#include <unordered_set>
#include <vector>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"

namespace cppickle::parts {

using cpython::Names;
using cpython::Ref;

namespace {

PyTypeObject* as_type(PyObject* object) {
  return reinterpret_cast<PyTypeObject*>(object);
}

Ref own_attribute(PyTypeObject* type, PyObject* name) {
  return Ref::borrow(cpython::read_class_entry(type, name));
}

// The classes that a class of ctypes consists of or points to.
std::vector<PyObject*> parts_of(PyTypeObject* type, const Names& names) {
  std::vector<PyObject*> parts;
  auto add = [&](PyObject* part) {
    if (PyType_Check(part)) parts.push_back(part);
  };
  if (Ref item = own_attribute(type, names.ctype_item)) add(item.get());
  Ref fields = own_attribute(type, names.fields);
  bool listed = fields && (PyList_Check(fields.get()) || PyTuple_Check(fields.get()));
  if (!listed) return parts;
  for (PyObject* field : cpython::read_items(fields.get())) {
    if (PyTuple_Check(field) && cpython::read_items(field).size() > 1)
      add(cpython::read_items(field)[1]);
  }
  return parts;
}

}  // namespace

bool is_ctypes_class(PyTypeObject* type) {
  PyTypeObject* metaclass = cpython::read_type(cpython::as_object(type));
  std::string_view name = cpython::read_builtin_base(metaclass)->tp_name;
  return name.starts_with("_ctypes.");
}

bool is_read_by_ctypes(PyObject* name) {
  Py_ssize_t length = PyUnicode_GET_LENGTH(name);
  auto at = [&](Py_ssize_t i) { return PyUnicode_READ_CHAR(name, i); };
  return length > 2 && at(0) == '_' && at(1) != '_' && at(length - 1) == '_';
}

bool is_recursive_field_list(PyTypeObject* type, PyObject* name, PyObject* value,
                             const Names& names) {
  if (!cpython::same_name(name, names.fields) || value == nullptr) return false;
  std::unordered_set<PyObject*> seen;
  std::vector<PyObject*> waiting = parts_of(type, names);
  while (!waiting.empty()) {
    PyObject* next = waiting.back();
    waiting.pop_back();
    if (as_type(next) == type) return true;
    if (!seen.insert(next).second) continue;
    for (PyObject* part : parts_of(as_type(next), names)) waiting.push_back(part);
  }
  return false;
}

bool is_ctypes_field(PyObject* value) {
  return Py_TYPE(value)->tp_descr_set != nullptr &&
         std::string_view(Py_TYPE(value)->tp_name).ends_with("ctypes.CField");
}

}  // namespace cppickle::parts
