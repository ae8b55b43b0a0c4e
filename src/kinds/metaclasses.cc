#include "kinds/metaclasses.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "identity/runtime_helper.h"
#include "identity/tracker.h"
#include "parts/class_parts.h"
#include "pickling/pickler.h"
#include "pickling/work_stack.h"
#include "stream/by_value_context.h"
#include "stream/script_parts.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::as_object;
using cpython::Names;
using cpython::read_attribute;
using cpython::read_builtin_base;
using cpython::read_type;
using cpython::read_type_lookup;
using cpython::Ref;
using identity::Tracker;
using parts::subclass_hook_owner;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::end_tuple;
using stream::StreamState;
using stream::write_call;

bool is_abstract_base(PyTypeObject* type, const Names& names) {
  return cpython::read_class_entry(type, names.abc_impl) != nullptr;
}

namespace {

bool is_python_class(PyTypeObject* type) {
  return cpython::is_python_class(cpython::read_class(type));
}

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

}  // namespace

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

namespace {

// True when a call of the metaclass does nothing beyond what `making` does.
bool makes_classes_alike(PyTypeObject* metaclass, PyTypeObject* making,
                         const Names& names) {
  auto is_same = [&](PyObject* name) {
    return read_type_lookup(metaclass, name) == read_type_lookup(making, name);
  };
  return metaclass == making || (read_type(as_object(metaclass)) == &PyType_Type &&
                                 is_same(names.attr_new) && is_same(names.init));
}

// The metaclass whose __new__ makes the class, bypassing the user's; ABCMeta's gives it
// its registry and caches.
PyTypeObject* making_metaclass(Pickler& pickler, PyTypeObject* type) {
  if (!is_abstract_base(type, pickler.names()))
    return read_builtin_base(read_type(as_object(type)));
  return reinterpret_cast<PyTypeObject*>(pickler.imported().abc_meta);
}

}  // namespace

void write_class_maker(Script& script, PyTypeObject* type, PyObject* keywords) {
  Pickler& pickler = script.pickler();
  const Names& names = pickler.names();
  PyTypeObject* making = making_metaclass(pickler, type);
  PyObject* hook_owner = subclass_hook_owner(type, names);
  if (hook_owner != nullptr) {
    Tracker& tracker = StreamState::of(pickler).context().tracker();
    PyObject* without_init_subclass = tracker.helper().without_init_subclass.get();
    cpython::note_made_function(without_init_subclass);
    script.save(without_init_subclass).op(Opcode::MARK).save(hook_owner);
  }
  PyTypeObject* metaclass = read_type(as_object(type));
  bool itself = makes_classes_alike(metaclass, making, names);
  if (keywords != nullptr) {
    Ref make = itself ? Ref::borrow(as_object(metaclass))
                      : read_attribute(as_object(making), names.attr_new);
    Ref told = stream::with_keywords(pickler.imported(), make.get(), keywords);
    cpython::note_made(told.get());
    script.save(told.get());
  } else if (itself) {
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

}  // namespace cppickle::kinds
