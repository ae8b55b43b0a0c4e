#include "by_value/ctypes_classes.h"

#include <string_view>
#include <unordered_set>
#include <vector>

#include "by_value/script_parts.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::Names;
using cpython::Ref;
using pickling::Pickler;
using pickling::Script;

namespace {

PyTypeObject* as_type(PyObject* object) {
  return reinterpret_cast<PyTypeObject*>(object);
}

// _ctypes.c; "_ctypes.PyCArrayType" for example.
bool has_metaclass(PyTypeObject* type, std::string_view name) {
  return cpython::builtin_base(Py_TYPE(type))->tp_name == name;
}

Ref own_attribute(PyTypeObject* type, PyObject* name) {
  return Ref::borrow(
      cpython::checked_lookup(PyDict_GetItemWithError(cpython::type_dict(type), name)));
}

bool save_array(Pickler& pickler, PyTypeObject* type, PyObject* cls) {
  const Names& names = pickler.names();
  Ref item = own_attribute(type, names.ctype_item);
  Ref length = own_attribute(type, names.ctype_length);
  if (!item || !length) return false;
  Ref made = checked(PyNumber_Multiply(item.get(), length.get()));
  if (made.get() != cls) return false;
  save_call(pickler, cls, pickler.imported().operator_mul, {item.get(), length.get()});
  return true;
}

// Some versions have it from _ctypes; to import ctypes afterwards makes that forget the
// pointer types.
void write_pointer_maker(Script& script, PyObject* pointer_to) {
  const Names& names = script.pickler().names();
  write_global(script, names.ctypes, names.pointer_to);
  script.memoize(pointer_to);
}

bool save_pointer(Pickler& pickler, PyTypeObject* type, PyObject* cls) {
  const Names& names = pickler.names();
  Ref target = own_attribute(type, names.ctype_item);
  PyObject* ctypes = cpython::loaded_module(names.ctypes);
  if (!target || ctypes == nullptr) return false;
  pickler.before_foreign_code();
  Ref pointer_to = checked(PyObject_GetAttr(ctypes, names.pointer_to));
  Ref made = checked(PyObject_CallOneArg(pointer_to.get(), target.get()));
  if (made.get() != cls) return false;
  Script script(pickler);
  script.get_or_write(pointer_to.get(), write_pointer_maker, pointer_to.get());
  begin_tuple(script, 1);
  script.save(target.get());
  end_tuple(script, 1);
  script.op(core::Opcode::REDUCE).memoize(cls).start(cls);
  return true;
}

// A simple type of the other byte order knows the one of this machine's.
bool save_swapped(Pickler& pickler, PyObject* cls) {
  const Names& names = pickler.names();
  Ref native = cpython::lookup_attribute(cls, names.ctype_le);
  if (!native || native.get() == cls) return false;
  Ref swapped = cpython::lookup_attribute(native.get(), names.ctype_be);
  if (swapped.get() != cls) return false;
  save_call(pickler, cls, pickler.imported().builtin_getattr,
            {native.get(), names.ctype_be});
  return true;
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
  for (Py_ssize_t i = 0; listed && i < PySequence_Fast_GET_SIZE(fields.get()); ++i) {
    PyObject* field = PySequence_Fast_GET_ITEM(fields.get(), i);
    if (PyTuple_Check(field) && PyTuple_GET_SIZE(field) > 1)
      add(PyTuple_GET_ITEM(field, 1));
  }
  return parts;
}

}  // namespace

bool is_ctypes_class(PyTypeObject* type) {
  std::string_view name = cpython::builtin_base(Py_TYPE(type))->tp_name;
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

bool save_made_ctypes_class(Pickler& pickler, PyObject* cls) {
  PyTypeObject* type = as_type(cls);
  if (has_metaclass(type, "_ctypes.PyCArrayType"))
    return save_array(pickler, type, cls);
  if (has_metaclass(type, "_ctypes.PyCPointerType"))
    return save_pointer(pickler, type, cls);
  return has_metaclass(type, "_ctypes.PyCSimpleType") && save_swapped(pickler, cls);
}

}  // namespace cppickle::by_value
