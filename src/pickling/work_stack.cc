#include "pickling/work_stack.h"

#include <utility>

namespace cppickle::pickling {

// The frame leaves the stack before its references are dropped: that may run foreign
// code.
void WorkStack::pop() {
  Frame frame = frames_.back();
  frames_.pop_back();
  iterators_ -= is_iterator(frame.kind);
  if (frame.kind == Frame::Kind::kScript) drop_steps(frame.extra);
  Py_XDECREF(frame.object);
  Py_XDECREF(frame.pending);
  Py_XDECREF(frame.ahead);
}

void WorkStack::cut_to(std::size_t depth) {
  while (frames_.size() > depth) pop();
}

void WorkStack::drop_steps(std::size_t first) {
  while (steps_.size() > first) {
    Step step = steps_.back();
    steps_.pop_back();
    Py_XDECREF(step.object);
    Py_XDECREF(step.label_key);
  }
}

void WorkStack::clear() {
  cut_to(0);
  drop_steps(0);
}

}  // namespace cppickle::pickling
