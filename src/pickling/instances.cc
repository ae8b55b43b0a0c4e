// Instances of plain Python classes: cls.__new__(cls) and a state, without a reduce
// value.
//
//   class EMPTY_TUPLE NEWOBJ MEMOIZE [state BUILD]
//   state := dict | (dict or None, dict of slots)
#include "core/opcode.h"
#include "cpython/borrow_scope.h"
#include "cpython/compat.h"
#include "cpython/datetimes.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/instance_plans.h"
#include "pickling/instance_writer.h"
#include "pickling/native_kinds.h"
#include "pickling/native_writer.h"
#include "pickling/pickler.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::Ref;

namespace {

constexpr std::size_t kLongestHead = 16;  // bytes: the class from the memo, NEWOBJ

// An entry of the instance may hide what the class says about pickling.
bool hides_protocol(PyObject* dict, const cpython::Names& names) {
  for (PyObject* name : {names.reduce_ex, names.getstate}) {
    if (cpython::dict_entry(dict, name) != nullptr) return true;
  }
  return false;
}

}  // namespace

// No hook, table or reducer wanted an object: none wants others of its type.
void Pickler::note_plain_type(PyTypeObject* type) {
  if (memo_.borrows_keys() && !nothing_follows())
    plain_types_.note(type, plan_for(type));
}

bool Pickler::save_instance(PyObject* object, const InstancePlan& plan) {
  if (protocol() < 2 || plan.reduction.kind == NativeKind::kComplex) return false;
  if (!save_planned_instance(object, plan)) return false;
  note_plain_type(Py_TYPE(object));
  return true;
}

// By what the registered reducer is known to answer.
bool Pickler::save_registered(PyObject* object, PyObject* reducer) {
  const InstancePlan& plan = plan_for(Py_TYPE(object));
  if (plan.reduction.kind != NativeKind::kComplex ||
      plan.reduction.reducer.get() != reducer ||
      !NativeWriter(*this, object, plan.reduction).write())
    return false;
  note_plain_type(Py_TYPE(object));
  return true;
}

// Another one of its type, since when no foreign code has run.
bool Pickler::save_known_instance(PyObject* object, PlainType& plain) {
  if (may_use_leaf_writer_ && plain.plan->native &&
      !may_write_within(InstanceWriter::longest()) &&
      InstanceWriter(memo_, emitter_, names()).write(object, plain))
    return true;
  Ref hold = Ref::borrow(object);
  return save_planned_instance(object, *plain.plan);
}

// REQUIRES: the caller holds one reference of the object.
bool Pickler::save_planned_instance(PyObject* object, const InstancePlan& plan) {
  if (plan.native) return save_plain_instance(object, plan);
  if (plan.reduction.kind != NativeKind::kNone)
    return NativeWriter(*this, object, plan.reduction).write();
  return plan.datetime != cpython::DateTimeKind::kNone &&
         save_datetime(object, plan.datetime);
}

bool Pickler::save_plain_instance(PyObject* object, const InstancePlan& plan) {
  cpython::BorrowScope borrows;  // foreign code may dump, which makes other plans
  cpython::note_read(cpython::Read::kClass, cpython::as_object(Py_TYPE(object)));
  cpython::note_read(cpython::Read::kContent, object);
  Ref dict = plan.has_dict ? cpython::instance_dict(object) : Ref();
  if (dict) cpython::note_read(cpython::Read::kContent, dict.get());
  if (dict && PyDict_GET_SIZE(dict.get()) == 0) dict.reset();
  if (dict && hides_protocol(dict.get(), names())) return false;
  std::size_t set_slots = 0;
  for (const InstancePlan::Slot& slot : plan.slots)
    set_slots += slot.value_of(object) != nullptr;

  auto cls = reinterpret_cast<PyObject*>(Py_TYPE(object));
  // Of all instances but the first the class is in the memo: they need no script.
  // As steps, where to write the head may run foreign code.
  bool known =
      memoizing() && !asks_for_ids() && !may_write_within(kLongestHead) && get(cls);
  if (known) {
    commit_due_frame();
    emitter_.op(Opcode::EMPTY_TUPLE, Opcode::NEWOBJ);
    if (memoizing()) emitter_.memoize(next_index(object, 1));
    if (!dict && set_slots == 0) return true;
    if (set_slots == 0) {
      borrows.end();
      return save_state(object, std::move(dict)), true;
    }
  }
  Script script(*this);
  if (!known) {
    script.save(cls, Label::kText, names().attr_class_text)
        .object_begins()
        .op(Opcode::EMPTY_TUPLE)
        .op(Opcode::NEWOBJ);
    // The class may hold the object, which then comes with it.
    script.memoize_or_end(object);
  }
  if (set_slots != 0) {
    write_slots(script, object, plan, dict.get(), set_slots);
  } else if (dict) {
    script.save(dict.get(), Label::kState).op(Opcode::BUILD);
  }
  borrows.end();
  script.start(object);
  return true;
}

// A dict of leaves needs no frames.
void Pickler::save_state(PyObject* object, Ref dict) {
  PyObject* state = dict.get();
  // The object holds it; one reference less keeps it out of the memo's table.
  if (memo_.borrows_keys()) dict.reset();
  bool unshared = memo_.borrows_keys() && cpython::is_sole_reference(state);
  if (!may_use_leaf_writer_ || !unshared || !PyDict_CheckExact(state) ||
      may_write_within(1)) {
    push_frame(Frame::Kind::kState, object);
    return save(state);
  }
  commit_due_frame();
  Entries written = begin_dict(state);
  if (is_whole(state, written)) return op(Opcode::BUILD);
  push_frame(Frame::Kind::kState, object);
  push_dict(state, written);
}

// The state is on the unpickler's stack.
void Pickler::step_state() {
  op(Opcode::BUILD);
  pop_frame();
}

// The state of an object with slots.  The dict of slots and the pair exist in the
// stream only.
void Pickler::write_slots(Script& script, PyObject* object, const InstancePlan& plan,
                          PyObject* dict, std::size_t count) {
  script.save(dict != nullptr ? dict : Py_None, Label::kState);
  script.object_begins().op(Opcode::EMPTY_DICT).memoize_anonymous();
  if (count > 1) script.op(Opcode::MARK);
  for (const InstancePlan::Slot& slot : plan.slots) {
    PyObject* value = slot.value_of(object);
    if (value == nullptr) continue;
    script.save(slot.name.get()).save(value, Label::kAttribute, slot.name.get());
  }
  script.op(count > 1 ? Opcode::SETITEMS : Opcode::SETITEM);
  script.op(Opcode::TUPLE2).memoize_anonymous().op(Opcode::BUILD);
}

}  // namespace cppickle::pickling
