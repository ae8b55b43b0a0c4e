#include "by_value/tracked_objects.h"

namespace cppickle::by_value {

using core::Opcode;
using pickling::Pickler;
using pickling::Script;

namespace {

// The reader's tracker, which the first stream makes.
void write_objects(Script& script, Pickler& pickler, PyObject* objects) {
  const cpython::Imported& imported = pickler.imported();
  script.save(imported.dict_setdefault);
  begin_tuple(script, 3);
  write_global(script, imported.names.sys, imported.names.attr_dict);
  script.save(imported.names.tracker).save(imported.weak_value_dictionary);
  begin_tuple(script, 0);
  end_tuple(script, 0);
  script.op(Opcode::REDUCE);
  end_tuple(script, 3);
  script.op(Opcode::REDUCE).memoize(objects);
}

void push_objects(Pickler& pickler, PyObject* objects) {
  if (pickler.get(objects)) return;
  Script script(pickler);
  write_objects(script, pickler, objects);
  script.start();
}

// Whether the table is in the memo is known only when the script gets there, unless
// that is now.
void write_or_get_objects(Script& script, Pickler& pickler, PyObject* objects) {
  if (!script.is_direct()) {
    script.call(push_objects, objects);
  } else if (!pickler.get(objects)) {
    write_objects(script, pickler, objects);
  }
}

void write_tokens(Script& script, Pickler& pickler, PyObject* tracker) {
  script.save(pickler.imported().builtin_getattr);
  begin_tuple(script, 2);
  write_or_get_objects(script, pickler, PyTuple_GET_ITEM(tracker, 0));
  script.save(pickler.names().attr_dict);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(PyTuple_GET_ITEM(tracker, 1));
}

void push_tokens(Pickler& pickler, PyObject* tracker) {
  if (pickler.get(PyTuple_GET_ITEM(tracker, 1))) return;
  Script script(pickler);
  write_tokens(script, pickler, tracker);
  script.start();
}

void write_or_get_tokens(Script& script, Pickler& pickler, PyObject* tracker) {
  if (!script.is_direct()) {
    script.call(push_tokens, tracker);
  } else if (!pickler.get(PyTuple_GET_ITEM(tracker, 1))) {
    write_tokens(script, pickler, tracker);
  }
}

}  // namespace

void begin_tracked(Script& script, ByValue& reducers, Pickler& pickler, PyObject* id) {
  Tracker& tracker = reducers.shared().tracker();
  script.save(tracker.helpers().tracked.get()).op(Opcode::MARK);
  write_or_get_objects(script, pickler, tracker.objects());
  script.save(id);
}

void end_tracked(Script& script, PyObject* object) {
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).memoize(object);
}

void write_tracked_state(Script& script, ByValue& reducers, Pickler& pickler,
                         const Identity& identity, PyObject* set, PyObject* object,
                         const std::vector<Entry>& attributes) {
  Tracker& tracker = reducers.shared().tracker();
  script.save(tracker.helpers().tracked.get()).op(Opcode::MARK);
  write_or_get_tokens(
      script, pickler,
      cpython::checked(PyTuple_Pack(2, tracker.objects(), tracker.tokens())).get());
  script.save(identity.id).save(set).save(object).save(identity.token);
  new_dict(script, attributes);
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).op(Opcode::POP);
}

}  // namespace cppickle::by_value
