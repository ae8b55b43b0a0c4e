#include "stream/tracked_objects.h"

#include "core/opcode.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "identity/runtime_helper.h"
#include "stream/stream_state.h"

namespace cppickle::stream {

using core::Opcode;
using identity::Identity;
using identity::RuntimeHelper;
using pickling::Script;

namespace {

// Bytes where the text is packed.
void write_source(Script& script, PyObject* source) {
  PyBytes_CheckExact(source) ? write_bytes(script, source) : void(script.key(source));
}

// `name`: of what is going to be made first, for the error of another version.
void write_helper(Script& script, PyObject* name) {
  StreamState& state = StreamState::of(script.pickler());
  const cpython::Imported& imported = script.pickler().imported();
  const cpython::Names& names = imported.names;
  const RuntimeHelper& helper = state.context().tracker().helper();
  script.save(imported.sys_dict_get);
  begin_tuple(script, 2);
  script.key(helper.key.get()).save(imported.builtin_eval);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE);
  begin_tuple(script, 2);
  script.key(helper.expression.get());
  new_dict(script, {});
  script.key(names.source);
  write_source(script, helper.source.get());
  script.op(Opcode::SETITEM);
  script.key(names.magic).save(helper.magic.get()).op(Opcode::SETITEM);
  script.key(names.version_of_writer).key(helper.version.get()).op(Opcode::SETITEM);
  script.key(names.named).key(name).op(Opcode::SETITEM);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(helper.memo_key.get());
  // Without a memo nothing that follows can rely on this one: each code object is
  // guarded by itself.
  if (script.pickler().memoizing()) state.note_guard();
}

}  // namespace

void begin_tracked(Script& script, PyObject* id, PyObject* name) {
  StreamState& state = StreamState::of(script.pickler());
  PyObject* helper = state.context().tracker().helper().memo_key.get();
  if (state.writes_digest()) {
    script.op(Opcode::NONE);  // ids do not depend on what the helper is
  } else {
    script.get_or_write(helper, write_helper, name);
  }
  script.op(Opcode::MARK).save(id);
}

void end_tracked(Script& script, PyObject* object) {
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).memoize_or_end(object);
}

void end_tracked_without_cloudpickle(Script& script, PyObject* object) {
  script.save(script.pickler().imported().one);
  end_tracked(script, object);
}

void begin_state(Script& script, const Identity& identity,
                 const std::vector<Entry>& attributes, PyObject* key, PyObject* object,
                 PyObject* name) {
  begin_tracked(script, identity.id.get(), name);
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
