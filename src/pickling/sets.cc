// Sets and frozensets: what they begin with, and the steps that their frames take.
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::kBatchSize;
using core::Opcode;
using cpython::checked;
using cpython::Ref;

void Pickler::save_set(PyObject* set) {
  if (protocol() < 4) {
    before_foreign_code();
    Ref items = checked(PySequence_List(set));
    return save_as_call(set, reinterpret_cast<PyObject*>(&PySet_Type),
                        checked(PyTuple_Pack(1, items.get())));
  }
  op(Opcode::EMPTY_SET);
  if (memoizing()) emitter_.memoize(next_index(set));
  if (PySet_GET_SIZE(set) == 0) return;
  push_frame(Frame::Kind::kSet, set).extra =
      static_cast<std::size_t>(PySet_GET_SIZE(set));
  op(Opcode::MARK);
}

void Pickler::step_set(Frame& frame) {
  PyObject* set = frame.object;
  std::size_t depth = stack_.depth();
  for (;;) {
    auto position = static_cast<Py_ssize_t>(frame.position);
    PyObject* item;
    bool full = frame.in_batch == kBatchSize;
    bool more = !full && cpython::set_next(set, &position, &item);
    if (!more) {
      op(Opcode::ADDITEMS);
      if (static_cast<std::size_t>(PySet_GET_SIZE(set)) != frame.extra) {
        fail(PyExc_RuntimeError, "set changed size during iteration");
      }
      if (!full) return pop_frame();
      if (cpython::kLoneItemsHaveNoMark && !cpython::set_next(set, &position, &item)) {
        return pop_frame();
      }
      op(Opcode::MARK);
      frame.in_batch = 0;
      continue;
    }
    frame.position = static_cast<std::size_t>(position);
    ++frame.in_batch;
    save(item);
    if (stack_.depth() != depth) return;
  }
}

void Pickler::save_frozenset(PyObject* set) {
  if (protocol() < 4) {
    before_foreign_code();
    Ref items = checked(PySequence_List(set));
    return save_as_call(set, reinterpret_cast<PyObject*>(&PyFrozenSet_Type),
                        checked(PyTuple_Pack(1, items.get())));
  }
  op(Opcode::MARK);
  push_frame(Frame::Kind::kFrozenset, set);
}

void Pickler::step_frozenset(Frame& frame) {
  PyObject* set = frame.object;
  std::size_t depth = stack_.depth();
  auto position = static_cast<Py_ssize_t>(frame.position);
  PyObject* item;
  while (cpython::set_next(set, &position, &item)) {
    frame.position = static_cast<std::size_t>(position);
    save(item);
    if (stack_.depth() != depth) return;
  }
  if (memoizing() && knows(set)) {
    op(Opcode::POP_MARK);
    get(set);
  } else {
    op(Opcode::FROZENSET);
    if (memoizing()) emitter_.memoize(next_index(set));
  }
  pop_frame();
}

}  // namespace cppickle::pickling
