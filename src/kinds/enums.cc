#include "kinds/enums.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "kinds/construction.h"
#include "pickling/instance_state.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::as_object;
using cpython::checked;
using cpython::Names;
using cpython::read_entry;
using cpython::read_instance_dict;
using cpython::read_next;
using cpython::read_type;
using cpython::Ref;
using parts::ClassAttribute;
using pickling::begin_attributes;
using pickling::end_attributes;
using pickling::goes_past_setstate;
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
  return cpython::read_class_entry(type, name);
}

// The name under which the class lists the member itself, or null for a pseudo-member.
PyObject* listed_name(PyObject* member, PyObject* member_dict, const Names& names) {
  PyObject* name = read_entry(member_dict, names.name);
  PyObject* map = own_attribute(read_type(member), names.member_map);
  if (name == nullptr || map == nullptr || !PyDict_Check(map)) return nullptr;
  return read_entry(map, name) == member ? name : nullptr;
}

// Attributes that are set first: hash() and repr() of members work from then on.
bool is_set_first(PyObject* member, PyObject* value) {
  return is_atom(value) || value == as_object(read_type(member));
}

// What Flag.__invert__ keeps for its next call.
bool is_cache(PyObject* name) {
  return PyUnicode_CheckExact(name) &&
         PyUnicode_CompareWithASCIIString(name, "_inverted_") == 0;
}

void write_member(Script& script, Pickler& pickler, PyObject* member, PyObject* dict,
                  PyObject* name) {
  Construction construction = construction_of(pickler, member);
  bool past_setstate = goes_past_setstate(pickler, member);
  std::vector<Entry> first, later;
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (read_next(dict, &position, &key, &value)) {
    if (is_cache(key)) continue;
    (is_set_first(member, value) ? first : later)
        .push_back({key, value, Label::kAttribute});
  }
  script.save(pickler.imported().dict_setdefault);
  begin_tuple(script, 3);
  write_call(script, pickler.imported().builtin_getattr,
             {as_object(read_type(member)), pickler.names().member_map});
  script.save(name);
  script.save(construction.make.get());
  write_arguments(script, construction);
  script.op(Opcode::REDUCE);
  end_tuple(script, 3);
  script.op(Opcode::REDUCE).memoize_or_end(member);
  for (const std::vector<Entry>& entries : {first, later}) {
    if (entries.empty()) continue;
    if (past_setstate) begin_attributes(script, member);
    new_dict(script, entries);
    past_setstate ? end_attributes(script) : void(script.op(Opcode::BUILD));
  }
}

}  // namespace

bool is_enumeration(StreamState& state, PyTypeObject* type) {
  PyTypeObject* meta = state.context().enum_meta();
  return meta != nullptr &&
         PyType_IsSubtype(cpython::read_class(read_type(as_object(type))), meta);
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
    while (read_next(attribute.value.get(), &position, &value, &member)) {
      Ref dict = read_instance_dict(member);
      PyObject* name = dict ? read_entry(dict.get(), names.name) : nullptr;
      bool keep = name != nullptr && read_entry(members, name) == member;
      if (keep) cpython::checked_status(PyDict_SetItem(listed.get(), value, member));
    }
    cpython::note_made(listed.get());
    attribute.value = std::move(listed);
  }
}

bool save_enum_member(StreamState& state, Pickler& pickler, PyObject* member) {
  PyObject* cls = as_object(read_type(member));
  if (!is_enumeration(state, Py_TYPE(member)) || !state.travels_by_value(pickler, cls))
    return false;
  pickler.before_foreign_code();
  Ref dict = read_instance_dict(member);
  if (!dict) return false;
  PyObject* name = listed_name(member, dict.get(), pickler.names());
  Script script(pickler);
  if (pickler.memoizing() && !pickler.is_memoized(cls)) {
    // The class brings its members along; then this one is in the memo, or can be
    // looked up.
    script.save(cls).op(Opcode::POP).save(member);
  } else if (name != nullptr && pickler.memoizing()) {
    write_member(script, pickler, member, dict.get(), name);
  } else {
    PyObject* value = read_entry(dict.get(), pickler.names().value);
    if (value == nullptr) return false;
    // Pseudo-members, and members where there is no memo to hold them.
    write_call(script, cls, {value});
    script.memoize(member);
  }
  script.start(member);
  return true;
}

}  // namespace cppickle::kinds
