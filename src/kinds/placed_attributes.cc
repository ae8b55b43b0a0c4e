#include "kinds/placed_attributes.h"

#include <algorithm>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "kinds/enums.h"
#include "parts/ctypes_types.h"
#include "parts/struct_types.h"
#include "policy/overrides.h"
#include "stream/by_value_context.h"

namespace cppickle::kinds {

using cpython::as_object;
using cpython::is_any_of;
using cpython::Names;
using cpython::read_items;
using cpython::read_next;
using cpython::read_type;
using cpython::read_type_lookup;
using cpython::Ref;
using cpython::same_name;
using parts::attributes_from_getstate;
using parts::attributes_of_class;
using parts::ClassAttribute;
using parts::declared_slots;
using parts::is_ctypes_class;
using parts::is_read_by_ctypes;
using parts::is_recursive_field_list;
using parts::is_struct_class;
using pickling::Pickler;
using policy::Overridable;
using policy::Overrides;
using stream::Entry;
using stream::is_atom;
using stream::StreamState;

namespace {

bool is_plain_slots(PyObject* value) {
  return PyUnicode_CheckExact(value) || PyTuple_CheckExact(value) ||
         PyList_CheckExact(value) || PyDict_CheckExact(value);
}

// What makes methods: set before anything that may need them while the class is being
// rebuilt.
bool is_function_like(PyObject* value) {
  PyTypeObject* type = Py_TYPE(value);
  return type == &PyFunction_Type || type == &PyStaticMethod_Type ||
         type == &PyClassMethod_Type || type == &PyProperty_Type;
}

// Values among which no instance of the class can be.
bool needs_no_methods(PyObject* value) {
  if (is_atom(value)) return true;
  bool sequence = PyTuple_CheckExact(value) || PyList_CheckExact(value);
  if (sequence) {
    return std::ranges::all_of(read_items(value), [](PyObject* item) {
      return is_atom(item) || PyType_Check(item);
    });
  }
  Py_ssize_t position = 0;
  PyObject *key, *item;
  while (PyDict_CheckExact(value) && read_next(value, &position, &key, &item)) {
    if (!is_atom(key) || (!is_atom(item) && !PyType_Check(item))) return false;
  }
  return PyDict_CheckExact(value);
}

bool is_slot(PyObject* slots, PyObject* name) {
  if (slots == nullptr) return false;
  // `__slots__ = "name"` declares one slot; a search in it would find its letters.
  if (PyUnicode_Check(slots)) return PyUnicode_Compare(slots, name) == 0;
  if (PyDict_Check(slots)) return cpython::read_entry(slots, name) != nullptr;
  return std::ranges::any_of(read_items(slots), [&](PyObject* slot) {
    return PyUnicode_Check(slot) && same_name(slot, name);
  });
}

// Where an attribute is written.
enum class Place {
  kShape,         // in the body alone: another value makes another class
  kBody,          // in the body alone
  kState,         // in the state alone
  kBodyAndState,  // a placeholder in the body, for the order, and the state
};

// True when setting the attribute does not put it into the class's own namespace: a
// data descriptor of the metaclass refuses it, or does what it is for.  Among those of
// `type` are __dict__, __class__, __name__ and __bases__.
bool is_redirected(PyTypeObject* metaclass, PyObject* name, const Names& names) {
  bool special = PyUnicode_GET_LENGTH(name) > 1 && PyUnicode_READ_CHAR(name, 0) == '_';
  if (metaclass == &PyType_Type && !special) return false;
  PyObject* found = read_type_lookup(metaclass, name);
  if (found == nullptr || Py_TYPE(found)->tp_descr_set == nullptr) return false;
  bool of_type =
      Py_TYPE(found) == &PyGetSetDescr_Type && PyDescr_TYPE(found) == &PyType_Type;
  // These are what the setters of `type` are for.
  return !of_type || !is_any_of(name, {names.attr_module, names.qualname, names.doc,
                                       names.annotations, names.annotate,
                                       names.type_params, names.abstractmethods});
}

// What the places of a class's attributes depend on.
struct Placing {
  PyTypeObject* type;
  const Names& names;
  PyObject* slots = nullptr;
  bool has_hash = false;
};

Place place_of(const Placing& placing, PyObject* name, PyObject* value) {
  const Names& names = placing.names;
  PyTypeObject* type = placing.type;
  if (is_ctypes_class(type) && is_read_by_ctypes(name)) {
    return is_recursive_field_list(type, name, value, names) ? Place::kState
                                                             : Place::kBody;
  }
  bool atom = is_atom(value);
  // typing.Generic looks at __orig_bases__ while the class is being made, and
  // from 3.12 on it cannot be kept from it.
  if (same_name(name, names.orig_bases) && PyTuple_CheckExact(value))
    return Place::kBody;
  if (same_name(name, names.slots) && (atom || value == placing.slots))
    return Place::kBody;
  // Setting __module__ takes __firstlineno__ away from 3.13 on.
  if (same_name(name, names.attr_module) && atom) return Place::kShape;
  if (is_redirected(read_type(as_object(type)), name, names)) return Place::kShape;
  // type.__new__ refuses a value under the name of a slot.
  if (is_slot(placing.slots, name)) return Place::kState;
  // Of __eq__ without __hash__ it makes a class without a hash.  This one has inherited
  // one: its __eq__ came later, or its __hash__ went.
  if (same_name(name, names.eq) && !placing.has_hash) return Place::kState;
  return Place::kBodyAndState;
}

// What the metaclass reads stands in the body as it was.
void add_struct_definition(PlacedAttributes& parts, Pickler& pickler,
                           PyTypeObject* type) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  parts.definition = parts::definition_of_struct(type, names);
  if (cpython::read_class_entry(type, names.annotations) != nullptr) {
    parts.told.push_back({names.annotations, parts.definition.annotations.get()});
  } else if (PyObject* annotate =
                 cpython::read_class_entry(type, names.annotate_func)) {
    parts.told.push_back({names.annotate_func, annotate});
  }
  for (const auto& [field, value] : parts.definition.defaults)
    parts.told.push_back({field.get(), value.get()});
  if (PyObject* hook = cpython::read_class_entry(type, names.post_init))
    parts.told.push_back({names.post_init, hook});
  std::erase_if(parts.attributes, [&](const ClassAttribute& attribute) {
    return same_name(attribute.name.get(), names.slots);
  });
}

bool is_told(const PlacedAttributes& parts, PyObject* name) {
  return std::ranges::any_of(
      parts.told, [&](const Entry& entry) { return same_name(entry.key, name); });
}

// The body holds atoms, and None to keep the place of what is set afterwards.
void sort_attributes(PlacedAttributes& parts, PyTypeObject* type, const Names& names) {
  Placing placing{type, names};
  for (ClassAttribute& attribute : parts.attributes) {
    if (same_name(attribute.name.get(), names.hash)) placing.has_hash = true;
    if (!same_name(attribute.name.get(), names.slots)) continue;
    if (!is_plain_slots(attribute.value.get())) attribute.value = declared_slots(type);
    placing.slots = attribute.value.get();
  }
  for (const ClassAttribute& attribute : parts.attributes) {
    PyObject* name = attribute.name.get();
    PyObject* value = attribute.value.get();
    Place place = place_of(placing, name, value);
    bool in_body_alone = place == Place::kBody || place == Place::kShape;
    bool fills_itself = same_name(name, names.member_map) && PyDict_CheckExact(value);
    PyObject* in_body = in_body_alone || is_atom(value) ? value
                        : fills_itself                  ? parts.empty_dict.get()
                                                        : Py_None;
    if (place != Place::kState && !is_told(parts, name))
      parts.body.push_back({name, in_body});
    if (place == Place::kShape) parts.shape.push_back({name, value});
    if (!in_body_alone)
      (is_function_like(value) ? parts.functions : parts.rest).push_back({name, value});
  }
  parts.body.insert(parts.body.end(), parts.told.begin(), parts.told.end());
  // Two calls of the helper cost bytes and time: functions get one of their own only
  // where something in the rest may call them while it is loaded.
  bool plain = std::ranges::all_of(
      parts.rest, [](const Entry& entry) { return needs_no_methods(entry.value); });
  if (plain || parts.functions.empty()) {
    parts.rest.insert(parts.rest.begin(), parts.functions.begin(),
                      parts.functions.end());
    parts.functions.clear();
  }
}

}  // namespace

PlacedAttributes placed_attributes(StreamState& state, Pickler& pickler,
                                   PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  PlacedAttributes parts;
  const Overrides& overrides = state.context().overrides();
  parts.attributes = overrides.of(Overridable::kClassGetstate) == nullptr
                         ? attributes_of_class(type, pickler.names())
                         : attributes_from_getstate(type, pickler.names(), overrides);
  if (is_enumeration(state, type))
    adapt_enum_attributes(parts.attributes, pickler.names());
  if (is_struct_class(type)) add_struct_definition(parts, pickler, type);
  // A state that lacks a name deletes it; but these two are always there.
  const Names& names = pickler.names();
  parts.name = Ref::borrow(cpython::read_class_name(type));
  parts.qualname = Ref::borrow(cpython::read_class_qualname(type));
  PyObject* qualname = parts.qualname.get();
  if (!cpython::same_name(qualname, parts.name.get()))
    parts.body.push_back({names.qualname, qualname});
  parts.rest.push_back({names.qualname, qualname});
  bool has_doc =
      std::ranges::any_of(parts.attributes, [&](const ClassAttribute& attribute) {
        return same_name(attribute.name.get(), names.doc);
      });
  if (!has_doc && !is_redirected(read_type(cls), names.doc, names))
    parts.rest.push_back({names.doc, Py_None});
  cpython::note_made(parts.empty_dict.get());
  sort_attributes(parts, type, pickler.names());
  return parts;
}

}  // namespace cppickle::kinds
