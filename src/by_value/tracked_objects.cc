#include "by_value/tracked_objects.h"

namespace cppickle::by_value {

using core::Opcode;
using pickling::Script;

namespace {

Tracker& tracker_of(Script& script) {
  return ByValue::of(script.pickler()).shared().tracker();
}

// The reader's tracker, which the first stream makes.
void write_objects(Script& script, PyObject* objects) {
  const cpython::Imported& imported = script.pickler().imported();
  script.save(imported.dict_setdefault);
  begin_tuple(script, 3);
  write_global(script, imported.names.sys, imported.names.attr_dict);
  script.save(imported.names.tracker);
  write_call(script, imported.weak_value_dictionary, {});
  end_tuple(script, 3);
  script.op(Opcode::REDUCE).memoize(objects);
}

void write_tokens(Script& script, PyObject* tokens) {
  PyObject* objects = tracker_of(script).objects();
  script.save(script.pickler().imported().builtin_getattr);
  begin_tuple(script, 2);
  script.get_or_write(objects, write_objects, objects);
  script.save(script.pickler().names().attr_dict);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(tokens);
}

}  // namespace

void begin_tracked(Script& script, PyObject* id) {
  Tracker& tracker = tracker_of(script);
  script.save(tracker.helpers().tracked.get()).op(Opcode::MARK);
  script.get_or_write(tracker.objects(), write_objects, tracker.objects()).save(id);
}

void end_tracked(Script& script, PyObject* object) {
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).memoize(object);
}

void end_tracked_alone(Script& script, PyObject* object) {
  const cpython::Imported& imported = script.pickler().imported();
  script.save(imported.zero).save(imported.one);
  end_tracked(script, object);
}

void write_tracked_state(Script& script, const Identity& identity, PyObject* set,
                         PyObject* object, const std::vector<Entry>& attributes) {
  Tracker& tracker = tracker_of(script);
  script.save(tracker.helpers().tracked.get()).op(Opcode::MARK);
  script.get_or_write(tracker.tokens(), write_tokens, tracker.tokens());
  script.save(identity.id).save(set).save(object).save(identity.token);
  new_dict(script, attributes);
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).op(Opcode::POP);
}

}  // namespace cppickle::by_value
