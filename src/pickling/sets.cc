// Sets and frozensets: what they begin with, and the steps that their frames take.
#include <utility>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/reads.h"
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

// What is asked for here is written afterwards: the answer is kept for that.
Ref Pickler::reduction_for_order(PyObject* object) {
  bool kept = std::exchange(hooks_.keeps_answers, true);
  Ref value;
  try {
    Ref reducer = registered_reducer(Py_TYPE(object));
    value =
        reducer ? registered_reduction(reducer.get(), object) : find_reduction(object);
  } catch (const cpython::ErrorSet&) {
    hooks_.keeps_answers = kept;
    if (!PyErr_ExceptionMatches(PyExc_Exception)) throw;
    PyErr_Clear();  // it may be written in another way, or the error comes again
  }
  hooks_.keeps_answers = kept;
  return value;
}

// The items of a set in the order of their content; empty in streams without code, and
// where iteration has it already.
Ref Pickler::ordered_items(PyObject* set) {
  // Data alone is written as the standard pickler writes it.
  if (!memo_.has_code()) return Ref();
  return canonically_ordered(
      set, plans_, [this](PyObject* object) { return reduction_for_order(object); });
}

// Those of a set's subclass in the list that set.__reduce__ has made of them.
void Pickler::order_reduced_set(PyObject* value) {
  if (!memo_.has_code() || !PyTuple_Check(value) || PyTuple_GET_SIZE(value) < 2) return;
  PyObject* arguments = PyTuple_GET_ITEM(value, 1);
  if (!PyTuple_Check(arguments) || PyTuple_GET_SIZE(arguments) != 1) return;
  PyObject* items = PyTuple_GET_ITEM(arguments, 0);
  // A list that somebody else has as well is not ours to sort.
  if (!PyList_CheckExact(items) || !cpython::is_sole_reference(items)) return;
  sort_canonically(items, plans_,
                   [this](PyObject* object) { return reduction_for_order(object); });
}

// The items of a set as a list, as protocols before 4 have it.
Ref Pickler::listed(PyObject* set) {
  cpython::note_read(cpython::Read::kContent, set);
  Ref ordered = ordered_items(set);
  return checked(PySequence_List(ordered ? ordered.get() : set));
}

// In streams with code the frame holds the items in an order of their content
// (`ahead`).
Frame& Pickler::push_set(Frame::Kind kind, PyObject* set) {
  cpython::note_read(cpython::Read::kContent, set);
  // Items that are asked for their content may take the set out of its container.
  Ref hold = Ref::borrow(set);
  Ref ordered = ordered_items(set);
  Frame& frame = push_frame(kind, set);
  frame.ahead = ordered.release();
  return frame;
}

void Pickler::save_set(PyObject* set) {
  if (protocol() < 4) {
    before_foreign_code();
    Ref hold = Ref::borrow(set);
    Ref items = listed(set);
    return save_as_call(set, reinterpret_cast<PyObject*>(&PySet_Type),
                        checked(PyTuple_Pack(1, items.get())));
  }
  op(Opcode::EMPTY_SET);
  if (memoizing()) emitter_.memoize(next_index(set));
  if (PySet_GET_SIZE(set) == 0) return cpython::note_read(cpython::Read::kContent, set);
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
    Ref hold = Ref::borrow(set);
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
  if (memoizing() && is_memoized(set)) {
    op(Opcode::POP_MARK);
    get(set);
  } else {
    op(Opcode::FROZENSET);
    if (memoizing()) emitter_.memoize(next_index(set));
  }
  pop_frame();
}

}  // namespace cppickle::pickling
