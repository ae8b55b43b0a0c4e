#include "kinds/classes.h"

#include <algorithm>
#include <span>
#include <string>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "identity/other_trackers.h"
#include "identity/tracker.h"
#include "kinds/ctypes_classes.h"
#include "kinds/enums.h"
#include "kinds/metaclasses.h"
#include "parts/class_parts.h"
#include "parts/ctypes_types.h"
#include "parts/struct_types.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "policy/overrides.h"
#include "stream/by_value_context.h"
#include "stream/script_parts.h"
#include "stream/tracked_objects.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::as_object;
using cpython::checked;
using cpython::is_any_of;
using cpython::Names;
using cpython::own_items;
using cpython::read_attribute;
using cpython::read_builtin_base;
using cpython::read_items;
using cpython::read_next;
using cpython::read_type;
using cpython::read_type_lookup;
using cpython::Ref;
using cpython::same_name;
using identity::hashes_by_identity;
using identity::Identity;
using identity::Tracker;
using parts::attributes_from_getstate;
using parts::attributes_of_class;
using parts::ClassAttribute;
using parts::ClassName;
using parts::declared_slots;
using parts::is_ctypes_class;
using parts::is_read_by_ctypes;
using parts::is_recursive_field_list;
using parts::is_struct_class;
using parts::name_of_class;
using parts::subclass_hook_owner;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using policy::Overridable;
using policy::Overrides;
using stream::begin_state;
using stream::begin_tracked;
using stream::begin_tuple;
using stream::end_first_state;
using stream::end_state;
using stream::end_tracked;
using stream::end_tracked_without_cloudpickle;
using stream::end_tuple;
using stream::Entry;
using stream::is_atom;
using stream::new_dict;
using stream::StreamState;
using stream::write_call;

namespace {

// What is written for a class.  Owns what the script refers to until that has its own
// references.
struct ClassParts {
  std::vector<ClassAttribute> attributes;
  std::vector<Entry> body;
  std::vector<Entry> functions;  // set first, when something else may need them
  std::vector<Entry> rest;
  // Where only the metaclass can make the class again: what it was told.
  parts::StructDefinition definition;
  std::vector<Entry> told;  // by the body
  Ref empty_dict = checked(
      PyDict_New());  // where an enumeration's members are entered as they are made
};

bool is_plain_slots(PyObject* value) {
  return PyUnicode_CheckExact(value) || PyTuple_CheckExact(value) ||
         PyList_CheckExact(value) || PyDict_CheckExact(value);
}

// The subclasses registered with an abstract base class, in the order of their names.
std::vector<Ref> registered_subclasses(Pickler& pickler, PyObject* cls) {
  const cpython::Imported& imported = pickler.imported();
  Ref dump = cpython::read_abc_dump(imported.abc_get_dump, cls);
  std::vector<std::pair<std::string, Ref>> named;
  Py_ssize_t position = 0;
  PyObject* weak;
  while (PyTuple_Check(dump.get()) &&
         cpython::set_next(own_items(dump.get())[0], &position, &weak)) {
    Ref subclass = cpython::weakly_referenced(weak);
    if (!subclass || !PyType_Check(subclass.get())) continue;
    ClassName name =
        name_of_class(reinterpret_cast<PyTypeObject*>(subclass.get()), imported.names);
    Ref full = checked(
        PyUnicode_FromFormat("%V.%U", name.module.get(), "?", name.qualname.get()));
    named.emplace_back(cpython::utf8_view(full.get()), std::move(subclass));
  }
  std::ranges::sort(named, {}, &std::pair<std::string, Ref>::first);
  std::vector<Ref> subclasses;
  for (auto& entry : named) subclasses.push_back(std::move(entry.second));
  return subclasses;
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
  cpython::note_read(cpython::Read::kContent, slots);
  return cpython::checked_status(PySequence_Contains(slots, name)) != 0;
}

// What the metaclass reads stands in the body as it was.
void add_struct_definition(ClassParts& parts, Pickler& pickler, PyTypeObject* type) {
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

// Where each attribute goes.  The body holds atoms, and None to keep the place of what
// is set afterwards.
void sort_attributes(ClassParts& parts, PyTypeObject* type, const Names& names) {
  PyObject* slots = nullptr;
  for (ClassAttribute& attribute : parts.attributes) {
    if (!same_name(attribute.name.get(), names.slots)) continue;
    if (!is_plain_slots(attribute.value.get())) attribute.value = declared_slots(type);
    slots = attribute.value.get();
  }
  bool of_ctypes = is_ctypes_class(type);
  for (const ClassAttribute& attribute : parts.attributes) {
    PyObject* name = attribute.name.get();
    PyObject* value = attribute.value.get();
    if (of_ctypes && is_read_by_ctypes(name)) {
      bool later = is_recursive_field_list(type, name, value, names);
      (later ? parts.rest : parts.body).push_back({name, value});
      continue;
    }
    bool atom = is_atom(value);
    // typing.Generic looks at __orig_bases__ while the class is being made, and
    // from 3.12 on it cannot be kept from it.
    bool generic = same_name(name, names.orig_bases) && PyTuple_CheckExact(value);
    // Setting __module__ takes __firstlineno__ away from 3.13 on: it is part of the
    // shape.
    if (generic ||
        (is_any_of(name, {names.slots, names.attr_dict, names.attr_module}) &&
         (atom || value == slots))) {
      parts.body.push_back({name, value});
      continue;
    }
    bool fills_itself = same_name(name, names.member_map) && PyDict_CheckExact(value);
    PyObject* placeholder = atom           ? value
                            : fills_itself ? parts.empty_dict.get()
                                           : Py_None;
    // type.__new__ refuses a value under the name of a slot.
    bool told = std::ranges::any_of(
        parts.told, [&](const Entry& entry) { return same_name(entry.key, name); });
    if (!told && !is_slot(slots, name)) parts.body.push_back({name, placeholder});
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

ClassParts parts_of(StreamState& state, Pickler& pickler, PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  ClassParts parts;
  const Overrides& overrides = state.context().overrides();
  parts.attributes = overrides.of(Overridable::kClassGetstate) == nullptr
                         ? attributes_of_class(type, pickler.names())
                         : attributes_from_getstate(type, pickler.names(), overrides);
  if (is_enumeration(state, type))
    adapt_enum_attributes(parts.attributes, pickler.names());
  if (is_struct_class(type)) add_struct_definition(parts, pickler, type);
  // A state that lacks a name deletes it; but these two are always there.
  const Names& names = pickler.names();
  PyObject* qualname = cpython::read_class_qualname(type);
  PyObject* name = cpython::read_class_name(type);
  if (!cpython::same_name(qualname, name))
    parts.body.push_back({names.qualname, qualname});
  parts.rest.push_back({names.qualname, qualname});
  bool has_doc =
      std::ranges::any_of(parts.attributes, [&](const ClassAttribute& attribute) {
        return same_name(attribute.name.get(), names.doc);
      });
  if (!has_doc) parts.rest.push_back({names.doc, Py_None});
  cpython::note_made(parts.empty_dict.get());
  sort_attributes(parts, type, pickler.names());
  return parts;
}

void write_skeleton(Script& script, Pickler& pickler, PyTypeObject* type, PyObject* id,
                    const ClassParts& parts) {
  const Names& names = pickler.names();
  begin_tracked(script, id);
  write_class_maker(script, type, parts.definition.keywords.get());
  script.save(cpython::read_class_name(type));
  std::span<PyObject* const> bases = cpython::read_bases(type);
  begin_tuple(script, bases.size());
  for (PyObject* base : bases) script.save(base, Label::kText, names.bases_text);
  end_tuple(script, bases.size());
  StreamState& state = StreamState::of(pickler);
  for (const Entry& entry : parts.body) {
    if (state.writes_digest() && same_name(entry.key, names.attr_module))
      script.save(entry.value);
  }
  state.end_shape(script);
  new_dict(script, parts.body);
  script.op(Opcode::TUPLE);
  auto cls = reinterpret_cast<PyObject*>(type);
  hashes_by_identity(cls) ? end_tracked(script, cls)
                          : end_tracked_without_cloudpickle(script, cls);
}

void write_attributes(Script& script, Pickler& pickler, PyObject* cls,
                      const Identity& identity, const ClassParts& parts) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  auto write_state = [&](const std::vector<Entry>& attributes, PyObject* key) {
    begin_state(script, identity, attributes, key, cls);
    save_metaclass(script, type, read_builtin_base(read_type(cls)));
  };
  Ref functions;  // the memo's key for their dict
  if (!parts.functions.empty()) {
    functions = checked(cpython::new_object());
    write_state(parts.functions, functions.get());
    end_first_state(script);
  }
  write_state(parts.rest, nullptr);
  end_state(script, functions.get());
  if (!is_abstract_base(type, pickler.names())) return;
  for (const Ref& subclass : registered_subclasses(pickler, cls)) {
    write_call(script, pickler.imported().abc_register, {cls, subclass.get()});
    script.op(Opcode::POP);
  }
}

[[noreturn]] void refuse(Pickler& pickler, PyObject* cls) {
  ClassName name = name_of_class(reinterpret_cast<PyTypeObject*>(cls), pickler.names());
  pickler.fail(pickler.imported().pickling_error,
               "Can't pickle %R: it is implemented in C and not found as %V.%U, so "
               "that it can be sent neither by "
               "reference nor by value",
               cls, name.module.get(), "?", name.qualname.get());
}

}  // namespace

void save_class_by_value(StreamState& state, Pickler& pickler, PyObject* cls) {
  pickler.memo().pool_strings();
  state.scan_new_modules();
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  if (is_ctypes_class(type) && save_made_ctypes_class(pickler, cls)) return;
  if (!cpython::is_python_class(cpython::read_class(type))) refuse(pickler, cls);
  // Before anything of the class is read: this runs foreign code, which may change it.
  Identity identity = state.identify(pickler, cls);
  // Cells of its methods may hold its namespace; they are written with its attributes.
  state.note_class(cls);
  ClassParts parts = parts_of(state, pickler, cls);
  Script script(pickler);
  write_skeleton(script, pickler, type, identity.id.get(), parts);
  write_attributes(script, pickler, cls, identity, parts);
  script.start(cls);
}

}  // namespace cppickle::kinds
