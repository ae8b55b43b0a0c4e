#include "pickling/string_pool.h"

#include <span>
#include <utility>

namespace cppickle::pickling {

void StringPool::grow() {
  std::vector<PyObject*> old_heap;
  std::span<PyObject*> old(table_, table_ == nullptr ? 0 : mask_ + 1);
  std::size_t size = old.empty() ? kFirstSize : old.size() * 4;
  if (old.empty()) {
    first_.fill(nullptr);
    table_ = first_.data();
  } else {
    std::vector<PyObject*> wider(size, nullptr);
    old_heap = std::exchange(heap_, std::move(wider));
    table_ = heap_.data();
  }
  mask_ = size - 1;
  room_ = size / 2;
  for (PyObject* text : old) {
    if (text != nullptr) slot_of(text, cpython::str_hash(text)) = text;
  }
}

void StringPool::clear() {
  for (PyObject* text : std::span(table_, table_ == nullptr ? 0 : mask_ + 1))
    Py_XDECREF(text);
  heap_.clear();
  shared_.reset();
  table_ = nullptr;
  mask_ = used_ = room_ = 0;
}

}  // namespace cppickle::pickling
