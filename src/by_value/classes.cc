#include "by_value/classes.h"

#include <algorithm>
#include <string>

#include "by_value/class_parts.h"
#include "by_value/enums.h"
#include "by_value/fingerprint.h"
#include "by_value/functions.h"
#include "by_value/other_trackers.h"
#include "by_value/script_parts.h"
#include "by_value/tracked_objects.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using core::Opcode;
using cpython::builtin_base;
using cpython::checked;
using cpython::checked_lookup;
using cpython::is_any_of;
using cpython::Names;
using cpython::Ref;
using cpython::same_name;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;

namespace {

Tracker::Digest class_digest(void* context, PyObject* cls) {
  Fingerprint fingerprint(*static_cast<Shared*>(context), cls);
  fingerprint.add_class(reinterpret_cast<PyTypeObject*>(cls));
  return {fingerprint.digest(), !fingerprint.has_mutable()};
}

// What is written for a class.  Owns what the script refers to until that has its own
// references.
struct ClassParts {
  std::vector<ClassAttribute> attributes;
  std::vector<Entry> body;
  std::vector<Entry> functions;  // set first, when something else may need them
  std::vector<Entry> rest;
  Ref empty_dict = checked(
      PyDict_New());  // where an enumeration's members are entered as they are made
};

bool is_abstract_base(PyTypeObject* type, const Names& names) {
  return checked_lookup(PyDict_GetItemWithError(cpython::type_dict(type),
                                                names.abc_impl)) != nullptr;
}

bool is_abstract(PyTypeObject* type) {
  return (type->tp_flags & Py_TPFLAGS_IS_ABSTRACT) != 0;
}

bool is_plain_slots(PyObject* value) {
  return PyUnicode_CheckExact(value) || PyTuple_CheckExact(value) ||
         PyList_CheckExact(value) || PyDict_CheckExact(value);
}

// The names of members among the class's own descriptors: what an exhausted iterator in
// __slots__ gave.
Ref declared_slots(PyTypeObject* type) {
  Ref list = checked(PyList_New(0));
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (PyDict_Next(cpython::type_dict(type), &position, &name, &value)) {
    if (Py_TYPE(value) == &PyMemberDescr_Type && PyDescr_TYPE(value) == type) {
      cpython::checked_status(PyList_Append(list.get(), name));
    }
  }
  return checked(PyList_AsTuple(list.get()));
}

// The subclasses registered with an abstract base class, in the order of their names.
std::vector<Ref> registered_subclasses(Pickler& pickler, PyObject* cls) {
  const cpython::Imported& imported = pickler.imported();
  Ref dump = checked(PyObject_CallOneArg(imported.abc_get_dump, cls));
  std::vector<std::pair<std::string, Ref>> named;
  Py_ssize_t position = 0;
  PyObject* weak;
  while (PyTuple_Check(dump.get()) &&
         cpython::set_next(PyTuple_GET_ITEM(dump.get(), 0), &position, &weak)) {
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
  for (Py_ssize_t i = 0; sequence && i < PySequence_Fast_GET_SIZE(value); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(value, i);
    if (!is_atom(item) && !PyType_Check(item)) return false;
  }
  Py_ssize_t position = 0;
  PyObject *key, *item;
  while (PyDict_CheckExact(value) && PyDict_Next(value, &position, &key, &item)) {
    if (!is_atom(key) || (!is_atom(item) && !PyType_Check(item))) return false;
  }
  return sequence || PyDict_CheckExact(value);
}

bool is_slot(PyObject* slots, PyObject* name) {
  if (slots == nullptr) return false;
  if (PyUnicode_Check(slots)) return PyUnicode_Compare(slots, name) == 0;
  return cpython::checked_status(PySequence_Contains(slots, name)) != 0;
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
  for (const ClassAttribute& attribute : parts.attributes) {
    PyObject* name = attribute.name.get();
    PyObject* value = attribute.value.get();
    if (same_name(name, names.abstractmethods) && is_abstract_base(type, names))
      continue;
    bool atom = is_atom(value);
    // typing.Generic looks at __orig_bases__ while the class is being made, and
    // from 3.12 on it cannot be kept from it.
    bool generic = same_name(name, names.orig_bases) && PyTuple_CheckExact(value);
    if (generic || (is_any_of(name, {names.slots, names.attr_module, names.doc,
                                     names.firstlineno, names.attr_dict}) &&
                    (atom || value == slots))) {
      parts.body.push_back({name, value});
      continue;
    }
    bool fills_itself = same_name(name, names.member_map) && PyDict_CheckExact(value);
    PyObject* placeholder = atom           ? value
                            : fills_itself ? parts.empty_dict.get()
                                           : Py_None;
    if (!is_slot(slots, name)) parts.body.push_back({name, placeholder});
    (is_function_like(value) ? parts.functions : parts.rest).push_back({name, value});
  }
  bool plain = std::ranges::all_of(
      parts.rest, [](const Entry& entry) { return needs_no_methods(entry.value); });
  if (plain || parts.functions.empty()) {
    parts.rest.insert(parts.rest.begin(), parts.functions.begin(),
                      parts.functions.end());
    parts.functions.clear();
  }
}

ClassParts parts_of(ByValue& reducers, Pickler& pickler, PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  ClassParts parts;
  const Replacements& replacements = reducers.shared().replacements();
  parts.attributes =
      replacements.of(Helper::kClassGetstate) == nullptr
          ? attributes_of_class(type, pickler.names())
          : told_attributes_of_class(type, pickler.names(), replacements);
  if (is_enumeration(reducers, type))
    adapt_enum_attributes(parts.attributes, pickler.names());
  PyObject* qualname = cpython::class_qualname(type);
  if (PyUnicode_Compare(qualname, reinterpret_cast<PyHeapTypeObject*>(type)->ht_name) !=
      0) {
    parts.body.push_back({pickler.names().qualname, qualname});
  }
  sort_attributes(parts, type, pickler.names());
  return parts;
}

// The metaclass whose __new__ makes the class, past the user's; ABCMeta's gives it its
// registry and caches.
PyObject* making_metaclass(Pickler& pickler, PyTypeObject* type) {
  if (is_abstract_base(type, pickler.names())) return pickler.imported().abc_meta;
  return reinterpret_cast<PyObject*>(builtin_base(Py_TYPE(type)));
}

void write_skeleton(Script& script, Pickler& pickler, ByValue& reducers,
                    PyTypeObject* type, PyObject* id, const ClassParts& parts) {
  const Names& names = pickler.names();
  auto metaclass = reinterpret_cast<PyObject*>(Py_TYPE(type));
  PyObject* making = making_metaclass(pickler, type);
  bool itself = making == metaclass;
  Ref make = itself ? Ref::borrow(metaclass)
                    : checked(PyObject_GetAttr(making, names.attr_new));
  begin_tracked(script, id);
  if (PyObject* owner = subclass_hook_owner(type, names)) {
    script.save(reducers.shared().tracker().helpers().unhooked.get()).op(Opcode::MARK);
    script.save(owner).save(make.get());
  } else {
    script.save(make.get()).op(Opcode::MARK);
  }
  if (!itself) script.save(metaclass, Label::kText, names.attr_class_text);
  script.save(reinterpret_cast<PyHeapTypeObject*>(type)->ht_name);
  auto base_count = static_cast<std::size_t>(PyTuple_GET_SIZE(type->tp_bases));
  begin_tuple(script, base_count);
  for (std::size_t i = 0; i < base_count; ++i) {
    script.save(PyTuple_GET_ITEM(type->tp_bases, static_cast<Py_ssize_t>(i)),
                Label::kText, names.bases_text);
  }
  end_tuple(script, base_count);
  new_dict(script, parts.body);
  script.op(Opcode::TUPLE);
  auto cls = reinterpret_cast<PyObject*>(type);
  hashes_by_identity(cls) ? end_tracked(script, cls) : end_tracked_alone(script, cls);
}

void write_attributes(Script& script, Pickler& pickler, PyObject* cls,
                      const Identity& identity, const ClassParts& parts) {
  PyTypeObject* base = builtin_base(Py_TYPE(cls));
  if (!parts.functions.empty()) {
    Ref functions_id = checked(PyTuple_Pack(1, identity.id));
    write_tracked_state(script, {functions_id.get(), identity.token}, parts.functions,
                        cls, base);
  }
  if (!parts.rest.empty()) write_tracked_state(script, identity, parts.rest, cls, base);
  if (!is_abstract_base(reinterpret_cast<PyTypeObject*>(cls), pickler.names())) return;
  if (is_abstract(reinterpret_cast<PyTypeObject*>(cls))) {
    write_call(script, pickler.imported().update_abstractmethods, {cls});
    script.op(Opcode::POP);
  }
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

bool travels_by_value(ByValue& reducers, Pickler& pickler, PyObject* cls) {
  if (reducers.shared().known_global(cls).module != nullptr) return false;
  ClassName name = name_of_class(reinterpret_cast<PyTypeObject*>(cls), pickler.names());
  return !reducers.shared().policy().is_importable(
      pickler, cls, {name.module.get(), name.qualname.get()});
}

void save_class_by_value(ByValue& reducers, Pickler& pickler, PyObject* cls) {
  pickler.memo().unify_strings();
  reducers.notice_new_modules();
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  if (!cpython::is_python_class(type)) refuse(pickler, cls);
  Identity identity =
      reducers.shared().tracker().identify(cls, class_digest, &reducers.shared());
  reducers.note_class(cls);
  ClassParts parts = parts_of(reducers, pickler, cls);
  Script script(pickler);
  write_skeleton(script, pickler, reducers, type, identity.id, parts);
  write_attributes(script, pickler, cls, identity, parts);
  script.start(cls);
}

}  // namespace cppickle::by_value
