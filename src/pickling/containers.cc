// Tuples, lists, dicts: what they begin with, and the steps that their frames take.
//
// Opcodes, batches and their odd corners (a dict of exactly 1000 entries ends with an
// empty batch) are those of Modules/_pickle.c.  Foreign code may change any container
// between two steps: sizes are read again.
#include <algorithm>
#include <cstdint>

#include "core/emitter.h"
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/leaf_writer.h"
#include "pickling/pickler.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::kBatchSize;
using core::Opcode;
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
  Frame& frame = stack_.push(kind, object, memo_.strings());
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

// What a frame is the last to hold has keys of the memo in it, which have to be
// referenced before it goes.
void Pickler::own_keys_before_pop() {
  const Frame& frame = stack_.top();
  bool is_last = frame.object != nullptr && cpython::is_sole_reference(frame.object);
  if (is_last || frame.pending != nullptr || frame.ahead != nullptr) memo_.own_keys();
}

void Pickler::pop_frame() {
  if (memo_.borrows_keys_again()) own_keys_before_pop();
  if (hooks_.fast) [[unlikely]] {
    Frame& frame = stack_.top();
    if (frame.object != nullptr) --fast_nesting_;
    if (frame.tracked) fast_in_progress_.erase(frame.object);
  }
  stack_.pop();
}

// What a list or dict begins with: empty, and in the memo.
void Pickler::begin_container(Opcode binary, Opcode text, PyObject* object) {
  cpython::note_read(cpython::Read::kContent, object);
  bool memoized = memoizing();
  if (memoized && emitter_.binary() && protocol() >= 4) [[likely]] {
    next_index(object);
    return emitter_.op(binary, Opcode::MEMOIZE);
  }
  emitter_.binary() ? op(binary) : emitter_.op(Opcode::MARK, text);
  if (memoized) emitter_.memoize(next_index(object));
}

// Writes the leaves and short tuples that come first and answers how many they were: up
// to the first object that is another, and up to where a frame of the format is due.
// REQUIRES: there are any.
std::size_t Pickler::save_leaves(PyObject* const* items, std::size_t count) {
  constexpr std::size_t kAhead = 8;
  bool is_container = PyList_CheckExact(items[0]) || PyDict_CheckExact(items[0]);
  if (!may_use_leaf_writer_ || is_container) return 0;
  core::Emitter::Run run(emitter_);
  LeafWriter writer(memo_);
  std::size_t i = 0;
  for (; i < count && !run.frame_is_due(); ++i) {
    PyObject* item = items[i];
    if (i + kAhead < count) writer.prefetch(items[i + kAhead]);
    char* p = run.room(LeafWriter::kLongestTuple);
    char* end = writer.leaf(p, item);
    if (end == nullptr && PyTuple_CheckExact(item) &&
        run.fits_frame(LeafWriter::kLongestTuple)) {
      end = writer.short_tuple(p, item);
    }
    if (end == nullptr) end = writer.memoized(p, item);
    if (end == nullptr) break;
    run.advance(end);
  }
  return i;
}

// --- Tuples -----------------------------------------------------------------

void Pickler::save_tuple(PyObject* tuple) {
  Py_ssize_t size = PyTuple_GET_SIZE(tuple);
  if (size == 0) {
    return protocol() == 0 ? emitter_.op(Opcode::MARK, Opcode::TUPLE)
                           : op(Opcode::EMPTY_TUPLE);
  }
  cpython::note_read(cpython::Read::kContent, tuple);
  if (size > 3 || protocol() < 2) op(Opcode::MARK);
  auto i = static_cast<Py_ssize_t>(
      save_leaves(&PyTuple_GET_ITEM(tuple, 0), static_cast<std::size_t>(size)));
  while (i < size && on_fast_path() && save_flat(PyTuple_GET_ITEM(tuple, i))) ++i;
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
  bool unshared = memo_.borrows_keys() && cpython::is_sole_reference(tuple);
  if (!unshared && memoizing() && is_memoized(tuple)) [[unlikely]] {
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
  while (list != nullptr) list = begin_list(list);
}

// Writes a list as far as it has leaves, with a frame for the rest.  Answers a list
// that is next in it and can be begun at once, as save() would; or null.
PyObject* Pickler::begin_list(PyObject* list) {
  begin_container(Opcode::EMPTY_LIST, Opcode::LIST, list);
  auto size = static_cast<std::size_t>(PyList_GET_SIZE(list));
  if (size == 0) return nullptr;
  Phase phase = phase_for(PyList_GET_SIZE(list), protocol());
  if (phase == kBatches) op(Opcode::MARK);
  std::size_t written = 0;
  if (phase != kEach && size < kBatchSize) {
    written = save_leaves(&PyList_GET_ITEM(list, 0), size);
    if (written == size) {
      op(size == 1 ? Opcode::APPEND : Opcode::APPENDS);
      return nullptr;
    }
  }
  Frame& frame = push_frame(Frame::Kind::kList, list);
  frame.phase = phase;
  frame.position = written;
  frame.in_batch = static_cast<std::uint32_t>(written);
  PyObject* next = PyList_GET_ITEM(list, written);
  // All that save() would ask is known: no frame is due, and a list with one reference
  // has not been met before.
  bool list_follows = may_use_leaf_writer_ && memo_.borrows_keys() && !frame_is_due() &&
                      PyList_CheckExact(next) && cpython::is_sole_reference(next);
  if (!list_follows) return nullptr;
  ++frame.position;
  ++frame.in_batch;
  return next;
}

void Pickler::step_list(Frame& frame) {
  before_plain_data();
  if (frame.phase == kLone) {
    op(Opcode::APPEND);
    return pop_frame();
  }
  if (frame.phase != kBatches) return step_list_singly(frame);
  PyObject* list = frame.object;
  std::size_t depth = stack_.depth();
  for (;;) {
    auto size = static_cast<std::size_t>(PyList_GET_SIZE(list));
    if (frame.position >= size || frame.in_batch == kBatchSize) {
      op(Opcode::APPENDS);
      if (frame.position >= size) return pop_frame();
      if (cpython::kLoneItemsHaveNoMark && frame.position + 1 == size) {
        frame.phase = kLone;
        return save(PyList_GET_ITEM(list, frame.position++));
      }
      op(Opcode::MARK);
      frame.in_batch = 0;
    }
    // Both sizes are those of now: what was saved last may have run foreign code.
    std::size_t left =
        std::min<std::size_t>(size - frame.position, kBatchSize - frame.in_batch);
    std::size_t written = save_leaves(&PyList_GET_ITEM(list, frame.position), left);
    bool other = written < left;  // the next one, which is about to be saved
    frame.position += written + other;
    frame.in_batch += static_cast<std::uint32_t>(written + other);
    if (!other) continue;
    if (frame.position + 2 < size) {
      cpython::prefetch_head(PyList_GET_ITEM(list, frame.position + 1));
      cpython::prefetch_content(PyList_GET_ITEM(list, frame.position));
    }
    save(PyList_GET_ITEM(list, frame.position - 1));
    if (stack_.depth() != depth) return;
  }
}

void Pickler::step_list_singly(Frame& frame) {
  PyObject* list = frame.object;
  std::size_t depth = stack_.depth();
  for (;;) {
    if (frame.phase == kSingle && frame.position == 1) return end_single_lists();
    if (frame.position != 0) op(Opcode::APPEND);
    if (frame.position >= static_cast<std::size_t>(PyList_GET_SIZE(list)))
      return pop_frame();
    save(PyList_GET_ITEM(list, frame.position++));
    if (stack_.depth() != depth) return;
  }
}

// Ends the list on top, and those that it is the only item of.
void Pickler::end_single_lists() {
  auto has_ended = [](const Frame& frame) {
    return frame.kind == Frame::Kind::kList && frame.phase == kSingle &&
           frame.position == 1;
  };
  do {
    op(Opcode::APPEND);
    pop_frame();
  } while (!stack_.empty() && has_ended(stack_.top()));
}

// --- Dicts ------------------------------------------------------------------

void Pickler::save_dict(PyObject* dict) {
  if (memo_.has_stand_ins() && fill_stand_in(dict)) [[unlikely]]
    return;
  Entries written = begin_dict(dict);
  if (!is_whole(dict, written)) push_dict(dict, written);
}

bool Pickler::is_whole(PyObject* dict, const Entries& written) {
  return written.value == nullptr &&
         written.count == static_cast<std::size_t>(PyDict_GET_SIZE(dict));
}

// Writes a dict as far as it begins with leaves, to its end if it has no others.
Pickler::Entries Pickler::begin_dict(PyObject* dict) {
  begin_container(Opcode::EMPTY_DICT, Opcode::DICT, dict);
  auto size = static_cast<std::size_t>(PyDict_GET_SIZE(dict));
  Entries written;
  if (size == 0) return written;
  Phase phase = phase_for(PyDict_GET_SIZE(dict), protocol());
  if (phase == kBatches) op(Opcode::MARK);
  if (phase == kEach || size >= kBatchSize) return written;
  written = save_leaf_entries(dict, written, size);
  if (is_whole(dict, written)) op(size == 1 ? Opcode::SETITEM : Opcode::SETITEMS);
  return written;
}

// A frame for what is left of a dict.
void Pickler::push_dict(PyObject* dict, const Entries& written) {
  Frame& frame = push_frame(Frame::Kind::kDict, dict);
  frame.phase = phase_for(PyDict_GET_SIZE(dict), protocol());
  frame.extra = static_cast<std::size_t>(PyDict_GET_SIZE(dict));
  frame.position = static_cast<std::size_t>(written.position);
  frame.in_batch = static_cast<std::uint32_t>(written.count);
  frame.pending = Py_XNewRef(written.value);
}

// Writes the entries that come first and are leaves, up to `most` in all; the last
// one's value may be left.
Pickler::Entries Pickler::save_leaf_entries(PyObject* dict, Entries entries,
                                            std::size_t most) {
  if (!may_use_leaf_writer_) return entries;
  core::Emitter::Run run(emitter_);
  LeafWriter writer(memo_);
  Py_ssize_t position = entries.position;
  PyObject *key, *value;
  while (entries.count < most && !run.frame_is_due() &&
         PyDict_Next(dict, &position, &key, &value)) {
    char* end = writer.leaf(run.room(LeafWriter::kLongestLeaf), key);
    if (end == nullptr) break;
    run.advance(end);
    entries.position = position;
    ++entries.count;
    end = run.frame_is_due() ? nullptr
                             : writer.leaf(run.room(LeafWriter::kLongestLeaf), value);
    if (end == nullptr) {
      entries.value = value;
      break;
    }
    run.advance(end);
  }
  return entries;
}

// `pending` is the value of a key that is being saved or just was.
void Pickler::step_dict(Frame& frame) {
  before_plain_data();
  PyObject* dict = frame.object;
  std::size_t depth = stack_.depth();
  for (;;) {
    if (frame.pending != nullptr) {
      PyObject* value = frame.pending;
      Ref hold = Ref::steal(std::exchange(frame.pending, nullptr));
      // Foreign code may have taken it out of the dict.
      if (memo_.borrows_keys_again() && cpython::is_sole_reference(value))
        memo_.own_keys();
      // The dict holds it too; one reference less keeps it out of the memo's table.
      if (memo_.borrows_keys()) hold.reset();
      save(value);
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
    if (frame.phase == kBatches) {
      Entries entries = save_leaf_entries(dict, {position, frame.in_batch}, kBatchSize);
      frame.position = static_cast<std::size_t>(entries.position);
      frame.in_batch = static_cast<std::uint32_t>(entries.count);
      if (entries.value != nullptr) save(entries.value);
      if (stack_.depth() != depth) return;
      if (entries.value != nullptr || entries.count == kBatchSize) continue;
      position = entries.position;
    }
    PyObject *key, *value;
    if (!PyDict_Next(dict, &position, &key, &value)) {
      if (frame.phase == kBatches) close_dict_batch(frame);
      return pop_frame();
    }
    frame.position = static_cast<std::size_t>(position);
    ++frame.in_batch;
    frame.pending = Py_NewRef(value);
    save(key);
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

}  // namespace cppickle::pickling
