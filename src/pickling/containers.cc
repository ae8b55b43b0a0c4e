// Tuples, lists, dicts, sets: what they begin with, and the steps that their frames
// take.
//
// Opcodes, batches and their odd corners (a dict of exactly 1000 entries ends with an
// empty batch) are those of Modules/_pickle.c.  Foreign code may change any container
// between two steps: sizes are read again.
#include <cstdint>

#include "cpython/compat.h"
#include "pickling/pickler.h"

namespace cppickle::pickling {

using core::kBatchSize;
using core::Opcode;
using cpython::checked;
using cpython::Ref;

namespace {

enum Phase : std::uint8_t {
  kBatches,  // MARK item.. APPENDS, and again
  kSingle,   // one item, APPEND
  kLone,     // the last item, APPEND is due
  kEach,     // protocol 0: APPEND after each item
};

constexpr std::size_t kFastNestingLimit = 50;  // Modules/_pickle.c: FAST_NESTING_LIMIT

Phase phase_for(Py_ssize_t size, int protocol) {
  if (protocol == 0) return kEach;
  return size == 1 ? kSingle : kBatches;
}

// How many entries of a dict are still to come, up to two.
std::size_t entries_left(const Frame& frame) {
  auto position = static_cast<Py_ssize_t>(frame.position);
  PyObject *key, *value;
  std::size_t count = 0;
  while (count < 2 && PyDict_Next(frame.object, &position, &key, &value)) ++count;
  return count;
}

}  // namespace

// A frame for an object; in fast mode, without a memo, cycles are found here once
// nesting is deep.
Frame& Pickler::push_frame(Frame::Kind kind, PyObject* object) {
  Frame& frame = stack_.push(kind, object);
  if (hooks_.fast && object != nullptr && ++fast_nesting_ >= kFastNestingLimit)
      [[unlikely]] {
    if (!fast_in_progress_.insert(object).second) {
      fail(PyExc_ValueError,
           "fast mode: can't pickle cyclic objects including object type %.200s at %p",
           Py_TYPE(object)->tp_name, object);
    }
    frame.tracked = true;
  }
  return frame;
}

void Pickler::pop_frame() {
  if (hooks_.fast) [[unlikely]] {
    Frame& frame = stack_.top();
    if (frame.object != nullptr) --fast_nesting_;
    if (frame.tracked) fast_in_progress_.erase(frame.object);
  }
  if (stack_.top().reduced) --reductions_;
  stack_.pop();
}

// callable(*arguments), memoized as `object`: how old protocols write types that they
// have no opcode for.
void Pickler::save_as_call(PyObject* object, PyObject* callable, Ref arguments) {
  before_foreign_code();
  Script(*this)
      .save(callable)
      .save(arguments.get())
      .op(Opcode::REDUCE)
      .memoize(object)
      .start(object);
}

// --- Tuples -----------------------------------------------------------------

void Pickler::save_tuple(PyObject* tuple) {
  Py_ssize_t size = PyTuple_GET_SIZE(tuple);
  if (size == 0) {
    return protocol() == 0 ? emitter_.op(Opcode::MARK, Opcode::TUPLE)
                           : op(Opcode::EMPTY_TUPLE);
  }
  if (size > 3 || protocol() < 2) op(Opcode::MARK);
  Py_ssize_t i = 0;
  while (i < size && at_ease() && save_flat(PyTuple_GET_ITEM(tuple, i))) ++i;
  if (i == size) return close_tuple(tuple);
  push_frame(Frame::Kind::kTuple, tuple).position = static_cast<std::size_t>(i);
}

void Pickler::step_tuple(Frame& frame) {
  PyObject* tuple = frame.object;
  std::size_t depth = stack_.depth();
  while (frame.position < static_cast<std::size_t>(PyTuple_GET_SIZE(tuple))) {
    PyObject* item = PyTuple_GET_ITEM(tuple, frame.position++);
    save(item);
    if (stack_.depth() != depth) return;
  }
  close_tuple(tuple);
  pop_frame();
}

// A tuple that got into the memo while its elements were saved is recursive: what is on
// the stack is thrown away for the one in the memo.
void Pickler::close_tuple(PyObject* tuple) {
  constexpr Opcode kShort[] = {Opcode::EMPTY_TUPLE, Opcode::TUPLE1, Opcode::TUPLE2,
                               Opcode::TUPLE3};
  Py_ssize_t size = PyTuple_GET_SIZE(tuple);
  bool marked = size > 3 || protocol() < 2;
  bool unshared = memo_.quiet() && cpython::is_sole_reference(tuple);
  if (!unshared && memoizing() && knows(tuple)) [[unlikely]] {
    if (marked && emitter_.binary()) {
      op(Opcode::POP_MARK);
    } else {
      for (Py_ssize_t i = marked ? -1 : 0; i < size; ++i) op(Opcode::POP);
    }
    get(tuple);
    return;
  }
  op(marked ? Opcode::TUPLE : kShort[size]);
  if (memoizing()) emitter_.memoize(next_index(tuple));
}

// --- Lists ------------------------------------------------------------------

void Pickler::save_list(PyObject* list) {
  if (emitter_.binary()) {
    op(Opcode::EMPTY_LIST);
  } else {
    emitter_.op(Opcode::MARK, Opcode::LIST);
  }
  if (memoizing()) emitter_.memoize(next_index(list));
  if (PyList_GET_SIZE(list) == 0) return;
  Frame& frame = push_frame(Frame::Kind::kList, list);
  frame.phase = phase_for(PyList_GET_SIZE(list), protocol());
  if (frame.phase == kBatches) op(Opcode::MARK);
}

void Pickler::step_list(Frame& frame) {
  if (frame.phase == kLone) {
    op(Opcode::APPEND);
    return pop_frame();
  }
  if (frame.phase != kBatches) return step_list_singly(frame);
  PyObject* list = frame.object;
  std::size_t depth = stack_.depth();
  std::size_t position = frame.position;
  std::uint32_t in_batch = frame.in_batch;
  for (;;) {
    bool at_end = position >= static_cast<std::size_t>(PyList_GET_SIZE(list));
    if (at_end || in_batch == kBatchSize) {
      op(Opcode::APPENDS);
      if (at_end) return pop_frame();
      bool last = position + 1 == static_cast<std::size_t>(PyList_GET_SIZE(list));
      if (cpython::kLoneItemsHaveNoMark && last) {
        frame.phase = kLone;
        frame.position = position + 1;
        return save(PyList_GET_ITEM(list, position));
      }
      op(Opcode::MARK);
      in_batch = 0;
    }
    PyObject* item = PyList_GET_ITEM(list, position);
    ++position;
    ++in_batch;
    if (at_ease() && save_leaf(item)) [[likely]]
      continue;
    frame.position = position;
    frame.in_batch = in_batch;
    save(item);
    if (stack_.depth() != depth) return;
  }
}

void Pickler::step_list_singly(Frame& frame) {
  PyObject* list = frame.object;
  std::size_t depth = stack_.depth();
  for (;;) {
    if (frame.position != 0) op(Opcode::APPEND);
    bool at_end = frame.position >= static_cast<std::size_t>(PyList_GET_SIZE(list));
    if (at_end || (frame.phase == kSingle && frame.position == 1)) return pop_frame();
    save(PyList_GET_ITEM(list, frame.position++));
    if (stack_.depth() != depth) return;
  }
}

// --- Dicts ------------------------------------------------------------------

void Pickler::save_dict(PyObject* dict) {
  if (emitter_.binary()) {
    op(Opcode::EMPTY_DICT);
  } else {
    emitter_.op(Opcode::MARK, Opcode::DICT);
  }
  if (memoizing()) emitter_.memoize(next_index(dict));
  if (PyDict_GET_SIZE(dict) == 0) return;
  Frame& frame = push_frame(Frame::Kind::kDict, dict);
  frame.extra = static_cast<std::size_t>(PyDict_GET_SIZE(dict));
  frame.phase = phase_for(PyDict_GET_SIZE(dict), protocol());
  if (frame.phase == kBatches) op(Opcode::MARK);
}

// `pending` is the value of a key that is being saved or just was.
void Pickler::step_dict(Frame& frame) {
  PyObject* dict = frame.object;
  std::size_t depth = stack_.depth();
  for (;;) {
    if (frame.pending != nullptr) {
      Ref value = Ref::steal(std::exchange(frame.pending, nullptr));
      save(value.get());
      if (stack_.depth() != depth) return;
    }
    if (frame.phase != kBatches && frame.in_batch != 0) op(Opcode::SETITEM);
    if (frame.phase == kSingle && frame.in_batch == 1) return pop_frame();
    if (frame.phase == kBatches && frame.in_batch == kBatchSize) {
      close_dict_batch(frame);
      std::size_t left = cpython::kLoneItemsHaveNoMark ? entries_left(frame) : 2;
      if (left == 0) return pop_frame();
      if (left == 1) {
        frame.phase = kSingle;
      } else {
        op(Opcode::MARK);
      }
    }
    auto position = static_cast<Py_ssize_t>(frame.position);
    PyObject *key, *value;
    if (!PyDict_Next(dict, &position, &key, &value)) {
      if (frame.phase == kBatches) close_dict_batch(frame);
      return pop_frame();
    }
    frame.position = static_cast<std::size_t>(position);
    ++frame.in_batch;
    if (at_ease() && save_leaf(key)) [[likely]] {
      if (at_ease() && save_leaf(value)) continue;
      save(value);
    } else {
      frame.pending = Py_NewRef(value);
      save(key);
    }
    if (stack_.depth() != depth) return;
  }
}

void Pickler::close_dict_batch(Frame& frame) {
  op(Opcode::SETITEMS);
  if (static_cast<std::size_t>(PyDict_GET_SIZE(frame.object)) != frame.extra) {
    fail(PyExc_RuntimeError, "dictionary changed size during iteration");
  }
  frame.in_batch = 0;
}

// --- Sets -------------------------------------------------------------------

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
