#include "kinds/classes.h"

#include <algorithm>
#include <span>
#include <string>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "identity/other_trackers.h"
#include "identity/tracker.h"
#include "kinds/ctypes_classes.h"
#include "kinds/placed_attributes.h"
#include "parts/class_parts.h"
#include "parts/ctypes_types.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
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
using parts::ClassName;
using parts::is_ctypes_class;
using parts::name_of_class;
using parts::subclass_hook_owner;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_state;
using stream::begin_tracked;
using stream::begin_tuple;
using stream::end_first_state;
using stream::end_state;
using stream::end_tracked;
using stream::end_tracked_without_cloudpickle;
using stream::end_tuple;
using stream::Entry;
using stream::new_dict;
using stream::StreamState;
using stream::write_call;

namespace {

bool is_python_class(PyTypeObject* type) {
  return cpython::is_python_class(cpython::read_class(type));
}

bool is_abstract_base(PyTypeObject* type, const Names& names) {
  return cpython::read_class_entry(type, names.abc_impl) != nullptr;
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

// The metaclass whose __new__ makes the class, bypassing the user's; ABCMeta's gives it
// its registry and caches.
PyTypeObject* making_metaclass(Pickler& pickler, PyTypeObject* type) {
  if (!is_abstract_base(type, pickler.names()))
    return read_builtin_base(read_type(as_object(type)));
  return reinterpret_cast<PyTypeObject*>(pickler.imported().abc_meta);
}

// --- Metaclasses ------------------------------------------------------------

// A class made in C that has this very metaclass: one of the bases.
PyObject* class_with_metaclass(PyTypeObject* type, PyObject* metaclass) {
  for (PyObject* base : cpython::read_mro(type)) {
    bool found = as_object(read_type(base)) == metaclass &&
                 !is_python_class(reinterpret_cast<PyTypeObject*>(base));
    if (found) return base;
  }
  return nullptr;
}

void write_type_of(Script& script, PyObject* cls) {
  write_call(script, reinterpret_cast<PyObject*>(&PyType_Type), {cls});
  script.memoize(as_object(read_type(cls)));
}

// Saves a metaclass of the class; one made in C may have no name that leads to it.
void save_metaclass(Script& script, PyTypeObject* type, PyTypeObject* metaclass) {
  Pickler& pickler = script.pickler();
  PyObject* object = as_object(metaclass);
  PyObject* base = nullptr;
  if (metaclass != &PyType_Type && !is_python_class(metaclass) &&
      StreamState::of(pickler).travels_by_value(pickler, object))
    base = class_with_metaclass(type, object);
  if (base != nullptr) {
    script.get_or_write(object, write_type_of, base);
  } else {
    script.save(object, Label::kText, pickler.names().attr_class_text);
  }
}

// True when a call of the metaclass does nothing beyond what `making` does.
bool makes_classes_alike(PyTypeObject* metaclass, PyTypeObject* making,
                         const Names& names) {
  auto is_same = [&](PyObject* name) {
    return read_type_lookup(metaclass, name) == read_type_lookup(making, name);
  };
  return metaclass == making || (read_type(as_object(metaclass)) == &PyType_Type &&
                                 is_same(names.attr_new) && is_same(names.init));
}

// What makes the class, and what begins its arguments: the metaclass itself, or __new__
// of the one that makes it and the metaclass.
void write_maker(Script& script, PyTypeObject* type, PyTypeObject* making,
                 PyObject* hook_owner) {
  Pickler& pickler = script.pickler();
  const Names& names = pickler.names();
  if (hook_owner != nullptr) {
    Tracker& tracker = StreamState::of(pickler).context().tracker();
    PyObject* without_init_subclass = tracker.helper().without_init_subclass.get();
    cpython::note_made_function(without_init_subclass);
    script.save(without_init_subclass).op(Opcode::MARK).save(hook_owner);
  }
  PyTypeObject* metaclass = read_type(as_object(type));
  bool itself = makes_classes_alike(metaclass, making, names);
  if (itself) {
    save_metaclass(script, type, metaclass);
  } else if (making == &PyType_Type) {
    script.save(read_attribute(as_object(making), names.attr_new).get());
  } else {
    script.save(pickler.imported().builtin_getattr);
    begin_tuple(script, 2);
    save_metaclass(script, type, making);
    script.save(names.attr_new);
    end_tuple(script, 2);
    script.op(Opcode::REDUCE);
  }
  if (hook_owner == nullptr) script.op(Opcode::MARK);
  if (!itself) save_metaclass(script, type, metaclass);
}

void write_skeleton(Script& script, Pickler& pickler, PyTypeObject* type, PyObject* id,
                    const PlacedAttributes& attributes) {
  const Names& names = pickler.names();
  begin_tracked(script, id, attributes.qualname.get());
  write_maker(script, type, making_metaclass(pickler, type),
              subclass_hook_owner(type, names));
  script.save(attributes.name.get());
  std::span<PyObject* const> bases = cpython::read_bases(type);
  begin_tuple(script, bases.size());
  for (PyObject* base : bases) script.save(base, Label::kText, names.bases_text);
  end_tuple(script, bases.size());
  StreamState& state = StreamState::of(pickler);
  state.end_bases(script);
  if (state.writes_digest()) new_dict(script, attributes.shape);
  state.end_shape(script);
  new_dict(script, attributes.body);
  script.op(Opcode::TUPLE);
  auto cls = reinterpret_cast<PyObject*>(type);
  hashes_by_identity(cls) ? end_tracked(script, cls)
                          : end_tracked_without_cloudpickle(script, cls);
}

void write_attributes(Script& script, Pickler& pickler, PyObject* cls,
                      const Identity& identity, const PlacedAttributes& attributes) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  auto write_state = [&](const std::vector<Entry>& entries, PyObject* key) {
    begin_state(script, identity, entries, key, cls, attributes.qualname.get());
    save_metaclass(script, type, read_builtin_base(read_type(cls)));
  };
  Ref functions;  // the memo's key for their dict
  if (!attributes.functions.empty()) {
    functions = checked(cpython::new_object());
    write_state(attributes.functions, functions.get());
    end_first_state(script);
  }
  write_state(attributes.rest, nullptr);
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
  if (!is_python_class(type)) refuse(pickler, cls);
  // Before anything of the class is read: this runs foreign code, which may change it.
  Identity identity = state.identify(pickler, cls);
  // Cells of its methods may hold its namespace; they are written with its attributes.
  state.note_class(cls);
  PlacedAttributes attributes = placed_attributes(state, pickler, cls);
  Script script(pickler);
  write_skeleton(script, pickler, type, identity.id.get(), attributes);
  write_attributes(script, pickler, cls, identity, attributes);
  script.start(cls);
}

}  // namespace cppickle::kinds
