#include "by_value/tracked_objects.h"

namespace cppickle::by_value {

using core::Opcode;
using pickling::Pickler;
using pickling::Script;

namespace {

// The reader's tracker, which the first stream makes.
void push_objects(Pickler& pickler, PyObject* objects) {
  if (pickler.get(objects)) return;
  const cpython::Imported& imported = pickler.imported();
  Script script(pickler);
  script.save(imported.dict_setdefault);
  begin_tuple(script, 3);
  write_global(script, imported.names.sys, imported.names.attr_dict);
  script.save(imported.names.tracker).save(imported.weak_value_dictionary);
  begin_tuple(script, 0);
  end_tuple(script, 0);
  script.op(Opcode::REDUCE);
  end_tuple(script, 3);
  script.op(Opcode::REDUCE).memoize(objects).start();
}

void push_tokens(Pickler& pickler, PyObject* tracker) {
  PyObject* tokens = PyTuple_GET_ITEM(tracker, 1);
  if (pickler.get(tokens)) return;
  Script script(pickler);
  script.save(pickler.imported().builtin_getattr);
  begin_tuple(script, 2);
  script.call(push_objects, PyTuple_GET_ITEM(tracker, 0))
      .save(pickler.names().attr_dict);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(tokens).start();
}

}  // namespace

void begin_tracked(Script& script, ByValue& reducers, PyObject* id) {
  Tracker& tracker = reducers.shared().tracker();
  script.save(tracker.helpers().tracked.get()).op(Opcode::MARK);
  script.call(push_objects, tracker.objects()).save(id);
}

void end_tracked(Script& script, PyObject* object) {
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).memoize(object);
}

void write_tracked_state(Script& script, ByValue& reducers, const Identity& identity,
                         PyObject* set, PyObject* object,
                         const std::vector<Entry>& attributes) {
  Tracker& tracker = reducers.shared().tracker();
  script.save(tracker.helpers().tracked.get()).op(Opcode::MARK);
  script.call(
      push_tokens,
      cpython::checked(PyTuple_Pack(2, tracker.objects(), tracker.tokens())).get());
  script.save(identity.id).save(set).save(object).save(identity.token);
  new_dict(script, attributes);
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).op(Opcode::POP);
}

}  // namespace cppickle::by_value
