// The values that an unpickler has made and not yet put into others, and its marks.
#ifndef CPPICKLE_UNPICKLING_VALUE_STACK_H_
#define CPPICKLE_UNPICKLING_VALUE_STACK_H_

#include <cstddef>

#include "core/inline_vector.h"
#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::unpickling {

// Owns what it holds.  Whatever is dropped has left the stack before: finalizers may
// run anything.
class ValueStack {
 public:
  ValueStack() = default;
  ValueStack(const ValueStack&) = delete;
  ValueStack& operator=(const ValueStack&) = delete;
  ~ValueStack() {
    clear();
    PyMem_Free(begin_);
  }

  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  // What an opcode may take: values below the last mark belong to another.
  std::size_t values_above_mark() const { return size() - fence_; }
  bool has_marks() const { return !marks_.empty(); }

  [[gnu::always_inline]] void push(cpython::Ref value) {
    if (end_ == limit_) [[unlikely]]
      grow();
    *end_++ = value.release();
  }
  // A new reference, as the C API gives it: null where that has set an error.  This and
  // the reading of items are most of a load of plain data.
  [[gnu::always_inline]] void push_made(PyObject* made) {
    if (made == nullptr || end_ == limit_) [[unlikely]]
      return push(cpython::checked(made));
    *end_++ = made;
  }
  // REQUIRES, for the three: there is such a value.
  PyObject* top() const { return end_[-1]; }
  PyObject* at(std::size_t index) const { return begin_[index]; }
  cpython::Ref pop() { return cpython::Ref::steal(*--end_); }

  // For who pushes many values: where the next ones go, how many have room, and how
  // many were put there.
  PyObject** next() { return end_; }
  std::size_t room() const { return static_cast<std::size_t>(limit_ - end_); }
  void advance(std::size_t count) { end_ += count; }

  void push_mark() {
    marks_.push_back(size());
    fence_ = size();
  }
  // Takes the last mark away; answers where it was.
  // REQUIRES: has_marks().
  std::size_t pop_mark() {
    std::size_t mark = marks_.back();
    marks_.pop_back();
    fence_ = marks_.empty() ? 0 : marks_.back();
    return mark;
  }

  // The values from `index` on, to be taken over: forget() says that they were.
  PyObject** from(std::size_t index) { return begin_ + index; }
  void forget(std::size_t index) { end_ = begin_ + index; }

  // Drops the values from `index` on.
  void drop(std::size_t index) {
    while (size() > index) pop();
  }
  void clear() {
    marks_.clear();
    fence_ = 0;
    drop(0);
  }

 private:
  [[gnu::noinline]] void grow() {
    std::size_t count = size();
    std::size_t room = count == 0 ? 64 : count * 2;
    void* memory = PyMem_Realloc(begin_, room * sizeof(PyObject*));
    if (memory == nullptr) throw std::bad_alloc();
    begin_ = static_cast<PyObject**>(memory);
    end_ = begin_ + count;
    limit_ = begin_ + room;
  }

  PyObject** begin_ = nullptr;
  PyObject** end_ = nullptr;
  PyObject** limit_ = nullptr;
  std::size_t fence_ = 0;
  core::InlineVector<std::size_t, 16> marks_;  // sizes of the stack
};

}  // namespace cppickle::unpickling

#endif  // CPPICKLE_UNPICKLING_VALUE_STACK_H_
