#include "stream/tracked_objects.h"

#include "core/opcode.h"
#include "cpython/imported.h"
#include "identity/helper.h"
#include "stream/stream_state.h"

namespace cppickle::stream {

using core::Opcode;
using identity::Helpers;
using identity::Identity;
using pickling::Script;

namespace {

void write_helper(Script& script, PyObject* stand_in) {
  StreamState& reducers = StreamState::of(script.pickler());
  const cpython::Imported& imported = script.pickler().imported();
  const Helpers& helpers = reducers.shared().tracker().helpers();
  script.save(imported.sys_dict_get);
  begin_tuple(script, 2);
  script.key(helpers.key.get()).save(imported.builtin_eval);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE);
  begin_tuple(script, 2);
  script.key(helpers.expression.get());
  new_dict(script, {});
  script.key(imported.names.source).key(helpers.source.get()).op(Opcode::SETITEM);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(stand_in);
  if (script.pickler().memoizing()) reducers.note_guard();
}

}  // namespace

void begin_tracked(Script& script, PyObject* id) {
  PyObject* helper =
      StreamState::of(script.pickler()).shared().tracker().helpers().stand_in.get();
  script.get_or_write(helper, write_helper, helper);
  script.op(Opcode::MARK).save(id);
}

void end_tracked(Script& script, PyObject* object) {
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).memoize(object);
}

void end_tracked_alone(Script& script, PyObject* object) {
  script.save(script.pickler().imported().one);
  end_tracked(script, object);
}

void begin_state(Script& script, const Identity& identity,
                 const std::vector<Entry>& attributes, PyObject* object) {
  begin_tracked(script, identity.id);
  script.save(identity.token);
  new_dict(script, attributes);
  script.save(object);
}

void end_state(Script& script) {
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).op(Opcode::POP);
}

}  // namespace cppickle::stream
