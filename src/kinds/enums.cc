#include "kinds/enums.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::checked_lookup;
using cpython::Names;
using cpython::Ref;
using parts::ClassAttribute;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::end_tuple;
using stream::Entry;
using stream::is_atom;
using stream::new_dict;
using stream::StreamState;
using stream::write_call;

namespace {

PyObject* own_attribute(PyTypeObject* type, PyObject* name) {
  return checked_lookup(PyDict_GetItemWithError(cpython::type_dict(type), name));
}

// The name under which the class lists the member itself, or null for a pseudo-member.
PyObject* listed_name(PyObject* member, PyObject* member_dict, const Names& names) {
  PyObject* name = checked_lookup(PyDict_GetItemWithError(member_dict, names.name));
  PyObject* map = own_attribute(Py_TYPE(member), names.member_map);
  if (name == nullptr || map == nullptr || !PyDict_Check(map)) return nullptr;
  return checked_lookup(PyDict_GetItemWithError(map, name)) == member ? name : nullptr;
}

// How a member without its attributes is made: base.__new__(cls, *arguments), past the
// enumeration's own __new__.
struct Construction {
  Ref make;
  Ref arguments;
};

Construction construction_of(Pickler& pickler, PyObject* member) {
  PyTypeObject* base = cpython::builtin_base(Py_TYPE(member));
  auto base_object = reinterpret_cast<PyObject*>(base);
  Construction result;
  result.make = checked(PyObject_GetAttr(base_object, pickler.names().attr_new));
  Ref head = checked(PyTuple_Pack(1, Py_TYPE(member)));
  Ref rest = Ref::borrow(pickler.imported().empty_tuple);
  if (Ref getnewargs =
          cpython::lookup_attribute(base_object, pickler.names().getnewargs)) {
    rest = checked(PyObject_CallOneArg(getnewargs.get(), member));
  } else if (base != &PyBaseObject_Type) {
    Ref reduce = checked(PyObject_GetAttr(base_object, pickler.names().reduce));
    Ref value = checked(PyObject_CallOneArg(reduce.get(), member));
    bool usual = PyTuple_Check(value.get()) && PyTuple_GET_SIZE(value.get()) >= 2;
    if (!usual) {
      pickler.fail(pickler.imported().pickling_error,
                   "cannot pickle members of %R by value", Py_TYPE(member));
    }
    rest = Ref::borrow(PyTuple_GET_ITEM(value.get(), 1));
  }
  result.arguments = checked(PySequence_Concat(head.get(), rest.get()));
  return result;
}

// Attributes that are set at once: hash() and repr() of members work from then on.
bool is_set_at_once(PyObject* member, PyObject* value) {
  return is_atom(value) || value == reinterpret_cast<PyObject*>(Py_TYPE(member));
}

// What Flag.__invert__ keeps for its next call.
bool is_cache(PyObject* name) {
  return PyUnicode_CheckExact(name) &&
         PyUnicode_CompareWithASCIIString(name, "_inverted_") == 0;
}

void write_construction(Script& script, const Construction& construction) {
  auto size = static_cast<std::size_t>(PyTuple_GET_SIZE(construction.arguments.get()));
  script.save(construction.make.get());
  begin_tuple(script, size);
  for (std::size_t i = 0; i < size; ++i) {
    script.save(
        PyTuple_GET_ITEM(construction.arguments.get(), static_cast<Py_ssize_t>(i)));
  }
  end_tuple(script, size);
  script.op(Opcode::REDUCE);
}

void write_member(Script& script, Pickler& pickler, PyObject* member, PyObject* dict,
                  PyObject* name) {
  Construction construction = construction_of(pickler, member);
  std::vector<Entry> at_once, later;
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &position, &key, &value)) {
    if (is_cache(key)) continue;
    (is_set_at_once(member, value) ? at_once : later)
        .push_back({key, value, Label::kAttribute});
  }
  script.save(pickler.imported().dict_setdefault);
  begin_tuple(script, 3);
  write_call(
      script, pickler.imported().builtin_getattr,
      {reinterpret_cast<PyObject*>(Py_TYPE(member)), pickler.names().member_map});
  script.save(name);
  write_construction(script, construction);
  end_tuple(script, 3);
  script.op(Opcode::REDUCE).memoize(member);
  for (const std::vector<Entry>& entries : {at_once, later}) {
    if (entries.empty()) continue;
    new_dict(script, entries);
    script.op(Opcode::BUILD);
  }
}

}  // namespace

bool is_enumeration(StreamState& reducers, PyTypeObject* type) {
  PyTypeObject* meta = reducers.shared().enum_meta();
  return meta != nullptr && PyType_IsSubtype(Py_TYPE(type), meta);
}

void adapt_enum_attributes(std::vector<ClassAttribute>& attributes,
                           const Names& names) {
  PyObject* members = nullptr;
  for (const ClassAttribute& attribute : attributes) {
    if (PyUnicode_Compare(attribute.name.get(), names.member_map) == 0)
      members = attribute.value.get();
  }
  if (members == nullptr || !PyDict_Check(members)) return;
  for (ClassAttribute& attribute : attributes) {
    if (PyUnicode_Compare(attribute.name.get(), names.value2member_map) != 0) continue;
    if (!PyDict_Check(attribute.value.get())) continue;
    Ref listed = checked(PyDict_New());
    Py_ssize_t position = 0;
    PyObject *value, *member;
    while (PyDict_Next(attribute.value.get(), &position, &value, &member)) {
      Ref dict = cpython::instance_dict(member);
      PyObject* name =
          dict ? checked_lookup(PyDict_GetItemWithError(dict.get(), names.name))
               : nullptr;
      bool keep = name != nullptr &&
                  checked_lookup(PyDict_GetItemWithError(members, name)) == member;
      if (keep) cpython::checked_status(PyDict_SetItem(listed.get(), value, member));
    }
    attribute.value = std::move(listed);
  }
}

bool save_enum_member(StreamState& reducers, Pickler& pickler, PyObject* member) {
  auto cls = reinterpret_cast<PyObject*>(Py_TYPE(member));
  if (!is_enumeration(reducers, Py_TYPE(member)) ||
      !reducers.travels_by_value(pickler, cls))
    return false;
  pickler.before_foreign_code();
  Ref dict = cpython::instance_dict(member);
  if (!dict) return false;
  PyObject* name = listed_name(member, dict.get(), pickler.names());
  Script script(pickler);
  if (pickler.memoizing() && !pickler.knows(cls)) {
    // The class brings its members along; then this one is in the memo, or can be
    // looked up.
    script.save(cls).op(Opcode::POP).save(member);
  } else if (name != nullptr && pickler.memoizing()) {
    write_member(script, pickler, member, dict.get(), name);
  } else {
    PyObject* value =
        checked_lookup(PyDict_GetItemWithError(dict.get(), pickler.names().value));
    if (value == nullptr) return false;
    // Pseudo-members, and members where there is no memo to hold them.
    write_call(script, cls, {value});
    script.memoize(member);
  }
  script.start(member);
  return true;
}

}  // namespace cppickle::kinds
