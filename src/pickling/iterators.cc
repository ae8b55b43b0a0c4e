// The list and dict items of reduce values: iterators, in batches.
//
// As Modules/_pickle.c does, a batch reads one item ahead before it begins, so that a
// lone item needs no MARK.
#include <cstdint>
#include <utility>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::kBatchSize;
using core::Opcode;
using cpython::Ref;

namespace {

enum Phase : std::uint8_t {
  kBegin,   // between batches
  kSingle,  // one item is being saved, the last one
  kBatch,   // inside MARK .. APPENDS or SETITEMS
};

}  // namespace

// The next item, or an empty Ref at the end.
Ref Pickler::next_item(PyObject* iterator, bool pairs) {
  before_foreign_code();
  Ref item = Ref::steal(PyIter_Next(iterator));
  if (!item && PyErr_Occurred()) throw cpython::ErrorSet{};
  if (item && pairs &&
      (!PyTuple_Check(item.get()) || PyTuple_GET_SIZE(item.get()) != 2)) {
    fail(PyExc_TypeError, "dict items iterator must return 2-tuples");
  }
  return item;
}

// `ahead` is the item that comes next.
void Pickler::step_items(Frame& frame) {
  std::size_t depth = stack_.depth();
  for (;;) {
    Ref item = step_batch(frame, false, Opcode::APPEND, Opcode::APPENDS);
    if (!item) return;
    save(item.get());
    if (stack_.depth() != depth) return;
  }
}

// `pending` is the value of a key that is being saved or just was.
void Pickler::step_pairs(Frame& frame) {
  std::size_t depth = stack_.depth();
  for (;;) {
    // Out of the frame before it is saved: a push moves frames.
    Ref value = Ref::steal(std::exchange(frame.pending, nullptr));
    if (!value) {
      Ref pair = step_batch(frame, true, Opcode::SETITEM, Opcode::SETITEMS);
      if (!pair) return;
      // The pair ends here, and its value has to outlive the frames of its key.
      frame.pending = Py_NewRef(PyTuple_GET_ITEM(pair.get(), 1));
      value = Ref::borrow(PyTuple_GET_ITEM(pair.get(), 0));
    }
    save(value.get());
    if (stack_.depth() != depth) return;
  }
}

// Writes what is due between two items and answers the next one; pops the frame and
// answers none at the end.
Ref Pickler::step_batch(Frame& frame, bool pairs, Opcode one, Opcode many) {
  for (;;) {
    if (frame.phase == kBatch && frame.ahead != nullptr) {
      ++frame.in_batch;
      ++frame.position;
      return Ref::steal(std::exchange(frame.ahead, nullptr));
    }
    if (frame.phase == kBatch && frame.in_batch < kBatchSize) {
      frame.ahead = next_item(frame.object, pairs).release();
      if (frame.ahead != nullptr) continue;
    }
    if (frame.phase == kBatch) op(many);
    if (frame.phase == kSingle) op(one);
    bool more = frame.phase == kBegin ||
                (frame.phase == kBatch && frame.in_batch == kBatchSize) ||
                (frame.phase == kSingle && protocol() == 0);
    Ref first = more ? next_item(frame.object, pairs) : Ref();
    if (!first) {
      pop_frame();
      return first;
    }
    begin_batch(frame, pairs);
    return first;
  }
}

void Pickler::begin_batch(Frame& frame, bool pairs) {
  ++frame.position;
  frame.in_batch = 1;
  frame.phase = kSingle;
  if (protocol() == 0) return;
  frame.ahead = next_item(frame.object, pairs).release();
  if (frame.ahead == nullptr) return;
  frame.phase = kBatch;
  op(Opcode::MARK);
}

}  // namespace cppickle::pickling
