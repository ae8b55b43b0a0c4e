#include "parts/class_parts.h"

#include <algorithm>
#include <cstring>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "parts/ctypes_types.h"

namespace cppickle::parts {

using cpython::checked;
using cpython::is_any_of;
using cpython::Names;
using cpython::own_items;
using cpython::Ref;
using policy::Overridable;
using policy::Overrides;

namespace {

Ref interned(const char* text, Py_ssize_t size) {
  PyObject* made = checked(PyUnicode_FromStringAndSize(text, size)).release();
  PyUnicode_InternInPlace(&made);
  return Ref::steal(made);
}

// Made by type.__new__ for this class: members of slots, and the getters of __dict__
// and __weakref__.
bool is_own_descriptor(PyTypeObject* type, PyObject* value) {
  bool descriptor =
      Py_TYPE(value) == &PyMemberDescr_Type || Py_TYPE(value) == &PyGetSetDescr_Type;
  return descriptor && PyDescr_TYPE(value) == type;
}

bool is_made_anew(PyTypeObject* type, PyObject* name, PyObject* value,
                  const Names& names) {
  if (is_own_descriptor(type, value) || is_ctypes_field(value)) return true;
  bool special = PyUnicode_GET_LENGTH(name) > 1 && PyUnicode_READ_CHAR(name, 0) == '_';
  if (!special) return false;
  // dataclass(slots=True) leaves the getter of the class that it replaced.
  if (Py_TYPE(value) == &PyGetSetDescr_Type &&
      is_any_of(name, {names.weakref, names.attr_dict}))
    return true;
  // type.__new__ sets it.
  if (value == Py_None && is_any_of(name, {names.doc})) return true;
  // copyreg's cache, made when the first instance is reduced.
  if (PyList_CheckExact(value) && is_any_of(name, {names.slotnames})) return true;
  return is_any_of(name, {names.abc_impl, names.annotations_cache, names.classcell,
                          names.classdictcell, names.ctype_be, names.ctype_le});
}

// A tuple of the strings in order: until 3.14 the compiler makes it of a set, whose
// order changes from run to run.
Ref in_order(PyObject* tuple) {
  auto is_str = [](PyObject* item) { return PyUnicode_CheckExact(item) != 0; };
  // What the compiler has not made may compare by foreign code.
  if (!std::ranges::all_of(cpython::read_items(tuple), is_str))
    return Ref::borrow(tuple);
  Ref list = checked(PySequence_List(tuple));
  cpython::checked_status(PyList_Sort(list.get()));
  Ref ordered = checked(PyList_AsTuple(list.get()));
  cpython::note_made(ordered.get());
  return ordered;
}

// By itself: classes by reference have nothing else that counts.
PyObject* read_module_name(PyTypeObject* type, const Names& names) {
  cpython::note_read(cpython::Read::kEntry, cpython::as_object(type),
                     names.attr_module);
  return cpython::own_entry(cpython::own_class_dict(type), names.attr_module);
}

}  // namespace

ClassName name_of_class(PyTypeObject* type, const Names& names) {
  PyObject* module = read_module_name(type, names);
  PyObject* qualname = cpython::read_class_qualname(type);
  ClassName name;
  if (qualname != nullptr) {
    name.qualname = Ref::borrow(qualname);
    if (module != nullptr && PyUnicode_Check(module)) name.module = Ref::borrow(module);
    return name;
  }
  const char* full = type->tp_name;
  const char* dot = std::strrchr(full, '.');
  const char* last = dot == nullptr ? full : dot + 1;
  // A new string each time, as type.__qualname__ gives: the memo keeps it apart from an
  // equal module's name.
  name.qualname = checked(PyUnicode_FromString(last));
  name.module =
      dot == nullptr ? Ref::borrow(names.builtins_name) : interned(full, dot - full);
  return name;
}

bool is_written_attribute(PyTypeObject* type, PyObject* name, PyObject* value,
                          const Names& names) {
  return PyUnicode_CheckExact(name) && !is_made_anew(type, name, value, names);
}

std::vector<ClassAttribute> attributes_of_class(PyTypeObject* type,
                                                const Names& names) {
  std::vector<ClassAttribute> attributes;
  PyObject* dict = cpython::read_class_dict(type);
  attributes.reserve(cpython::own_size(dict));
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (cpython::own_next(dict, &position, &name, &value)) {
    if (!is_written_attribute(type, name, value, names)) continue;
    bool unordered =
        PyTuple_CheckExact(value) && is_any_of(name, {names.static_attributes});
    attributes.push_back(
        {Ref::borrow(name), unordered ? in_order(value) : Ref::borrow(value)});
  }
  return attributes;
}

std::vector<ClassAttribute> attributes_from_getstate(PyTypeObject* type,
                                                     const Names& names,
                                                     const Overrides& overrides) {
  auto cls = reinterpret_cast<PyObject*>(type);
  Ref answer = overrides.call(Overridable::kClassGetstate, cls);
  std::vector<ClassAttribute> attributes;
  // A class without a module gets that of the code which loads it.
  PyObject* module = read_module_name(type, names);
  attributes.push_back({Ref::borrow(names.attr_module),
                        Ref::borrow(module != nullptr ? module : Py_None)});
  bool pair = PyTuple_Check(answer.get()) && own_items(answer.get()).size() == 2;
  for (std::size_t i = 0; i < 2; ++i) {
    PyObject* part = pair ? own_items(answer.get())[i] : nullptr;
    if (part == nullptr || !PyDict_Check(part)) {
      cpython::raise_format(PyExc_TypeError,
                            "_class_getstate must answer two dicts, not %.200R",
                            answer.get());
    }
    Py_ssize_t position = 0;
    PyObject *name, *value;
    while (cpython::own_next(part, &position, &name, &value)) {
      if (!PyUnicode_CheckExact(name) || is_made_anew(type, name, value, names))
        continue;
      if (is_any_of(name, {names.attr_module})) {
        attributes.front().value = Ref::borrow(value);
      } else {
        attributes.push_back({Ref::borrow(name), Ref::borrow(value)});
      }
    }
  }
  return attributes;
}

Ref declared_slots(PyTypeObject* type) {
  Ref list = checked(PyList_New(0));
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (cpython::own_next(cpython::read_class_dict(type), &position, &name, &value)) {
    if (Py_TYPE(value) == &PyMemberDescr_Type && PyDescr_TYPE(value) == type) {
      cpython::checked_status(PyList_Append(list.get(), name));
    }
  }
  Ref slots = checked(PyList_AsTuple(list.get()));
  cpython::note_made(slots.get());
  return slots;
}

PyObject* subclass_hook_owner(PyTypeObject* type, const Names& names) {
  for (PyObject* owner : cpython::read_mro(type).subspan(1)) {
    auto owner_type = reinterpret_cast<PyTypeObject*>(owner);
    PyObject* hook = cpython::read_class_entry(owner_type, names.init_subclass);
    if (hook != nullptr) return cpython::is_python_class(owner_type) ? owner : nullptr;
  }
  return nullptr;
}

}  // namespace cppickle::parts
