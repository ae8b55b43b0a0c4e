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
  StreamState& state = StreamState::of(script.pickler());
  PyObject* helper = state.shared().tracker().helpers().stand_in.get();
  if (state.writes_digest()) {
    script.op(Opcode::NONE);  // ids do not depend on what the helper is
  } else {
    script.get_or_write(helper, write_helper, helper);
  }
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
                 const std::vector<Entry>& attributes, PyObject* key,
                 PyObject* object) {
  begin_tracked(script, identity.id.get());
  script.save(identity.token.get());
  new_dict(script, attributes);
  if (key != nullptr) script.memoize(key);
  script.save(object);
}

void end_first_state(Script& script) {
  script.op(Opcode::NONE).op(Opcode::TUPLE).op(Opcode::REDUCE).op(Opcode::POP);
}

void end_state(Script& script, PyObject* first) {
  if (first != nullptr) script.get(first);
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).op(Opcode::POP);
}

}  // namespace cppickle::stream
