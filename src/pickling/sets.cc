// Sets and frozensets: what they begin with, and the steps that their frames take.
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/set_order.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::kBatchSize;
using core::Opcode;
using cpython::checked;
using cpython::Ref;

namespace {

// The item at `position`, and the next position: of the tuple `ordered`, where there is
// one, else in the order of iteration.
bool next_item_of(PyObject* set, PyObject* ordered, Py_ssize_t* position,
                  PyObject** item) {
  if (ordered == nullptr) return cpython::set_next(set, position, item);
  if (*position == PyTuple_GET_SIZE(ordered)) return false;
  *item = PyTuple_GET_ITEM(ordered, (*position)++);
  return true;
}

}  // namespace

// The items of a set as a list, as protocols before 4 have it.
Ref Pickler::listed(PyObject* set) {
  Ref ordered;
  if (memo_.unifies_strings()) ordered = in_canonical_order(set, plans_);
  return checked(PySequence_List(ordered ? ordered.get() : set));
}

// In streams with code the frame holds the items in an order of their content
// (`ahead`).
Frame& Pickler::push_set(Frame::Kind kind, PyObject* set) {
  Ref ordered;
  if (memo_.unifies_strings()) ordered = in_canonical_order(set, plans_);
  Frame& frame = push_frame(kind, set);
  frame.ahead = ordered.release();
  return frame;
}

void Pickler::save_set(PyObject* set) {
  if (protocol() < 4) {
    before_foreign_code();
    Ref items = listed(set);
    return save_as_call(set, reinterpret_cast<PyObject*>(&PySet_Type),
                        checked(PyTuple_Pack(1, items.get())));
  }
  op(Opcode::EMPTY_SET);
  if (memoizing()) emitter_.memoize(next_index(set));
  if (PySet_GET_SIZE(set) == 0) return;
  push_set(Frame::Kind::kSet, set).extra =
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
    bool more = !full && next_item_of(set, frame.ahead, &position, &item);
    if (!more) {
      op(Opcode::ADDITEMS);
      if (static_cast<std::size_t>(PySet_GET_SIZE(set)) != frame.extra) {
        fail(PyExc_RuntimeError, "set changed size during iteration");
      }
      if (!full) return pop_frame();
      if (cpython::kLoneItemsHaveNoMark &&
          !next_item_of(set, frame.ahead, &position, &item)) {
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
    Ref items = listed(set);
    return save_as_call(set, reinterpret_cast<PyObject*>(&PyFrozenSet_Type),
                        checked(PyTuple_Pack(1, items.get())));
  }
  op(Opcode::MARK);
  push_set(Frame::Kind::kFrozenset, set);
}

void Pickler::step_frozenset(Frame& frame) {
  PyObject* set = frame.object;
  std::size_t depth = stack_.depth();
  auto position = static_cast<Py_ssize_t>(frame.position);
  PyObject* item;
  while (next_item_of(set, frame.ahead, &position, &item)) {
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
