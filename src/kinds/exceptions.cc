#include "kinds/exceptions.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::Names;
using cpython::Ref;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::Entry;
using stream::new_dict;
using stream::StreamState;

namespace {

// The attributes of all exceptions.
auto read_exception(PyObject* object) {
  cpython::note_read(cpython::Read::kContent, object);
  return reinterpret_cast<PyBaseExceptionObject*>(object);
}

PyTypeObject* base_exception() {
  return reinterpret_cast<PyTypeObject*>(PyExc_BaseException);
}

bool reduces_like_base(PyTypeObject* type, const Names& names) {
  for (PyObject* name : {names.reduce, names.setstate}) {
    if (cpython::read_type_lookup(type, name) !=
        cpython::read_type_lookup(base_exception(), name))
      return false;
  }
  return cpython::is_objects_own(cpython::read_class(type), names.reduce_ex) &&
         cpython::is_objects_own(type, names.getstate);
}

// The constructor wants something else than `args`; the object itself is no more than a
// BaseException.
bool has_own_constructor(PyTypeObject* type, PyTypeObject* builtin,
                         const Names& names) {
  bool own = cpython::read_type_lookup(type, names.init) !=
                 cpython::read_type_lookup(builtin, names.init) ||
             cpython::read_type_lookup(type, names.attr_new) !=
                 cpython::read_type_lookup(builtin, names.attr_new);
  return own && builtin->tp_basicsize == base_exception()->tp_basicsize;
}

std::vector<Entry> state_of(PyObject* object, const Names& names, Ref& suppress) {
  PyBaseExceptionObject* exception = read_exception(object);
  std::vector<Entry> entries;
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (exception->dict != nullptr &&
         cpython::read_next(exception->dict, &position, &key, &value)) {
    entries.push_back({key, value});
  }
  if (exception->context != nullptr)
    entries.push_back({names.context, exception->context});
  if (exception->cause != nullptr) entries.push_back({names.cause, exception->cause});
  // Setting the cause sets this too, so it comes last.
  if (exception->cause != nullptr || exception->suppress_context) {
    suppress = checked(PyBool_FromLong(exception->suppress_context));
    entries.push_back({names.suppress_context, suppress.get()});
  }
  return entries;
}

}  // namespace

bool save_exception(StreamState&, Pickler& pickler, PyObject* object) {
  PyTypeObject* type = cpython::read_type(object);
  const Names& names = pickler.names();
  PyBaseExceptionObject* exception = read_exception(object);
  if (!reduces_like_base(type, names)) return false;
  PyTypeObject* builtin = cpython::read_builtin_base(type);
  bool chained = exception->cause != nullptr || exception->context != nullptr ||
                 exception->suppress_context;
  bool past_constructor = has_own_constructor(type, builtin, names);
  // Whether somebody has looked at a __dict__ does not count in streams with code.
  bool looked_at = pickler.memo().has_code() && exception->dict != nullptr &&
                   cpython::read_size(exception->dict) == 0;
  if (!chained && !past_constructor && !looked_at) return false;

  pickler.before_foreign_code();
  PyObject* cls = cpython::as_object(type);
  Script script(pickler);
  if (past_constructor) {
    Ref make = cpython::read_attribute(cpython::as_object(builtin), names.attr_new);
    Ref head = checked(PyTuple_Pack(1, cls));
    Ref arguments = checked(PySequence_Concat(head.get(), exception->args));
    cpython::note_made(arguments.get());
    script.save(make.get()).save(arguments.get(), Label::kAnswer, names.reduce_1);
  } else {
    script.save(cls, Label::kText, names.attr_class_text)
        .save(exception->args, Label::kText, names.args_text);
  }
  script.op(Opcode::REDUCE).memoize_or_end(object);
  Ref suppress;
  std::vector<Entry> state = state_of(object, names, suppress);
  if (!state.empty()) {
    new_dict(script, state);
    script.op(Opcode::BUILD);
  }
  script.start(object);
  return true;
}

}  // namespace cppickle::kinds
