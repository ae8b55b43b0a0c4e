#include "pickling/string_pool.h"

#include <span>
#include <utility>

namespace cppickle::pickling {

std::size_t StringPool::find_exactly(PyObject* text) const {
  if (shared_ != nullptr) {
    std::size_t index = shared_->find(text);
    if (index != kAbsent) return first_shared_ + index;
  }
  if (used_ == 0) return kAbsent;
  const Pooled& entry = slot_of(text, cpython::str_hash(text));
  return entry.text == nullptr ? kAbsent : entry.index;
}

void StringPool::add(PyObject* text, std::size_t index) {
  if (used_ == room_) grow();
  slot_of(text, cpython::str_hash(text)) = {Py_NewRef(text), index};
  ++used_;
  std::size_t place = place_in_filter(text);
  filter_[place / 64] |= std::uint64_t{1} << place % 64;
}

void StringPool::grow() {
  std::vector<Pooled> old_heap;
  std::span<Pooled> old(table_, table_ == nullptr ? 0 : mask_ + 1);
  std::size_t size = old.empty() ? kFirstSize : old.size() * 4;
  if (old.empty()) {
    first_.fill({nullptr, 0});
    table_ = first_.data();
  } else {
    std::vector<Pooled> wider(size, Pooled{nullptr, 0});
    old_heap = std::exchange(heap_, std::move(wider));
    table_ = heap_.data();
  }
  mask_ = size - 1;
  room_ = size / 2;
  for (const Pooled& entry : old) {
    if (entry.text != nullptr)
      slot_of(entry.text, cpython::str_hash(entry.text)) = entry;
  }
}

void StringPool::clear() {
  for_each([](const Pooled& entry) { Py_DECREF(entry.text); });
  heap_.clear();
  shared_.reset();
  filter_.fill(0);
  table_ = nullptr;
  mask_ = used_ = room_ = 0;
}

}  // namespace cppickle::pickling
