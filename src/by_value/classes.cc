#include "by_value/classes.h"

#include <algorithm>
#include <string>

#include "by_value/class_parts.h"
#include "by_value/enums.h"
#include "by_value/fingerprint.h"
#include "by_value/functions.h"
#include "by_value/script_parts.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using core::Opcode;
using cpython::checked;
using cpython::checked_lookup;
using cpython::Names;
using cpython::Ref;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;

namespace {

Tracker::Digest class_digest(void* context, PyObject* cls) {
  Fingerprint fingerprint(*static_cast<Shared*>(context), cls);
  fingerprint.add_class(reinterpret_cast<PyTypeObject*>(cls));
  return {fingerprint.digest(), !fingerprint.has_mutable()};
}

// A function call that the helper makes once the attributes are set.
struct Call {
  PyObject* function;
  Ref arguments;
};

// What is written for a class.  Owns what the script refers to until that has its own references.
struct ClassParts {
  std::vector<ClassAttribute> attributes;
  std::vector<Entry> body;
  std::vector<Entry> rest;
  std::vector<Call> calls;
};

bool is_plain_slots(PyObject* value) {
  return PyUnicode_CheckExact(value) || PyTuple_CheckExact(value) || PyList_CheckExact(value) ||
         PyDict_CheckExact(value);
}

// The names of members among the class's own descriptors: what an exhausted iterator in __slots__ gave.
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

bool same(PyObject* name, PyObject* expected) {
  return name == expected || PyUnicode_Compare(name, expected) == 0;
}

// The subclasses registered with an abstract base class, in the order of their names.
std::vector<Ref> registered_subclasses(Pickler& pickler, PyObject* cls) {
  const cpython::Imported& imported = pickler.imported();
  Ref dump = checked(PyObject_CallOneArg(imported.abc_get_dump, cls));
  std::vector<std::pair<std::string, Ref>> named;
  Py_ssize_t position = 0;
  PyObject* weak;
  while (PyTuple_Check(dump.get()) && cpython::set_next(PyTuple_GET_ITEM(dump.get(), 0), &position, &weak)) {
    Ref subclass = cpython::weakly_referenced(weak);
    if (!subclass || !PyType_Check(subclass.get())) continue;
    ClassName name = name_of_class(reinterpret_cast<PyTypeObject*>(subclass.get()), imported.names);
    Ref full = checked(PyUnicode_FromFormat("%V.%U", name.module.get(), "?", name.qualname.get()));
    const char* text = PyUnicode_AsUTF8(full.get());
    if (text == nullptr) throw cpython::ErrorSet{};
    named.emplace_back(text, std::move(subclass));
  }
  std::ranges::sort(named, {}, &std::pair<std::string, Ref>::first);
  std::vector<Ref> subclasses;
  for (auto& entry : named) subclasses.push_back(std::move(entry.second));
  return subclasses;
}

// An abstract base class gets its registry back; abc itself finds its abstract methods.
void add_abc_calls(ClassParts& parts, Pickler& pickler, PyObject* cls) {
  const cpython::Imported& imported = pickler.imported();
  PyObject* dict = cpython::type_dict(reinterpret_cast<PyTypeObject*>(cls));
  if (checked_lookup(PyDict_GetItemWithError(dict, imported.names.abc_impl)) == nullptr) return;
  parts.calls.push_back({imported.abc_init, checked(PyTuple_Pack(1, cls))});
  for (const Ref& subclass : registered_subclasses(pickler, cls)) {
    parts.calls.push_back({imported.abc_register, checked(PyTuple_Pack(2, cls, subclass.get()))});
  }
}

// Atoms and __slots__ are in the body; the other attributes get None there, which keeps their place in the order.
void sort_attributes(ClassParts& parts, PyTypeObject* type, const Names& names) {
  bool is_abc = checked_lookup(PyDict_GetItemWithError(cpython::type_dict(type), names.abc_impl)) != nullptr;
  for (ClassAttribute& attribute : parts.attributes) {
    PyObject* name = attribute.name.get();
    if (same(name, names.abstractmethods) && is_abc) continue;
    if (same(name, names.slots)) {
      if (!is_plain_slots(attribute.value.get())) attribute.value = declared_slots(type);
      parts.body.push_back({name, attribute.value.get()});
    } else if (is_atom(attribute.value.get())) {
      parts.body.push_back({name, attribute.value.get()});
    } else {
      parts.body.push_back({name, Py_None});
      PyObject* settable = same(name, names.annotate_func) ? names.annotate : name;
      parts.rest.push_back({settable, attribute.value.get()});
    }
  }
}

ClassParts parts_of(ByValue& reducers, Pickler& pickler, PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  ClassParts parts;
  parts.attributes = attributes_of_class(type, pickler.names());
  if (is_enumeration(reducers, type)) adapt_enum_attributes(parts.attributes, pickler.names());
  PyObject* qualname = cpython::class_qualname(type);
  if (PyUnicode_Compare(qualname, reinterpret_cast<PyHeapTypeObject*>(type)->ht_name) != 0) {
    parts.body.push_back({pickler.names().qualname, qualname});
  }
  sort_attributes(parts, type, pickler.names());
  add_abc_calls(parts, pickler, cls);
  return parts;
}

void write_skeleton(Script& script, Pickler& pickler, ByValue& reducers, PyTypeObject* type, PyObject* id,
                    const ClassParts& parts) {
  const Names& names = pickler.names();
  PyTypeObject* builtin = builtin_metaclass(Py_TYPE(type));
  Ref make = checked(PyObject_GetAttr(reinterpret_cast<PyObject*>(builtin), names.attr_new));
  PyObject* hook_owner = subclass_hook_owner(type, names);
  script.save(reducers.shared().tracker().helper());
  begin_tuple(script, 6);
  script.save(id).op(Opcode::NONE).save(make.get());
  begin_tuple(script, 4);
  script.save(reinterpret_cast<PyObject*>(Py_TYPE(type)), Label::kText, names.attr_class_text);
  script.save(reinterpret_cast<PyHeapTypeObject*>(type)->ht_name);
  script.save(type->tp_bases, Label::kText, names.bases_text);
  new_dict(script, parts.body);
  end_tuple(script, 4);
  if (hook_owner != nullptr) {
    new_dict(script, {});
    script.save(hook_owner);
  }
  end_tuple(script, hook_owner != nullptr ? 6 : 4);
  script.op(Opcode::REDUCE).memoize(reinterpret_cast<PyObject*>(type));
}

void write_attributes(Script& script, Pickler& pickler, ByValue& reducers, PyObject* cls, const Identity& identity,
                      const ClassParts& parts) {
  if (parts.rest.empty() && parts.calls.empty()) return;
  PyTypeObject* builtin = builtin_metaclass(Py_TYPE(cls));
  PyObject* set = cpython::type_lookup(builtin, pickler.names().setattr);
  script.save(reducers.shared().tracker().helper());
  begin_tuple(script, 6);
  script.save(identity.id).save(identity.token).save(set).save(cls);
  new_dict(script, parts.rest);
  if (!parts.calls.empty()) {
    script.op(Opcode::MARK);
    for (const Call& call : parts.calls) {
      begin_tuple(script, 2);
      script.save(call.function).save(call.arguments.get());
      end_tuple(script, 2);
    }
    script.op(Opcode::TUPLE);
  }
  end_tuple(script, 6);
  script.op(Opcode::REDUCE).op(Opcode::POP);
}

[[noreturn]] void refuse(Pickler& pickler, PyObject* cls) {
  ClassName name = name_of_class(reinterpret_cast<PyTypeObject*>(cls), pickler.names());
  pickler.fail(pickler.imported().pickling_error,
               "Can't pickle %R: it is implemented in C and not found as %V.%U, so that it can be sent neither by "
               "reference nor by value",
               cls, name.module.get(), "?", name.qualname.get());
}

}  // namespace

bool travels_by_value(ByValue& reducers, Pickler& pickler, PyObject* cls) {
  if (reducers.shared().known_global(cls).module != nullptr) return false;
  ClassName name = name_of_class(reinterpret_cast<PyTypeObject*>(cls), pickler.names());
  return !reducers.shared().policy().is_importable(pickler, cls, {name.module.get(), name.qualname.get()});
}

void save_class_by_value(ByValue& reducers, Pickler& pickler, PyObject* cls) {
  pickler.before_foreign_code();
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  if (!cpython::is_python_class(type)) refuse(pickler, cls);
  Identity identity = reducers.shared().tracker().identify(cls, class_digest, &reducers.shared());
  ClassParts parts = parts_of(reducers, pickler, cls);
  Script script(pickler);
  write_skeleton(script, pickler, reducers, type, identity.id, parts);
  write_attributes(script, pickler, reducers, cls, identity, parts);
  script.start(cls);
}

}  // namespace cppickle::by_value
