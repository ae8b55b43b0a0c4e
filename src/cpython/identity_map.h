// Object -> number, by address.
#ifndef CPPICKLE_CPYTHON_IDENTITY_MAP_H_
#define CPPICKLE_CPYTHON_IDENTITY_MAP_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "cpython/ref.h"

namespace cppickle::cpython {

// A list as long as the objects are few, then an open-addressing table.  Takes no
// references: the objects must outlive it.
// Thread safety: none.  One thread at a time.
class IdentityMap {
 public:
  using Number = std::uint32_t;

  explicit IdentityMap(std::pmr::memory_resource* memory) : table_(memory) {
    few_[0].object = nullptr;
  }

  // The object's number, or null.
  const Number* find(PyObject* object) const {
    const Entry& entry =
        table_.empty() ? few_[place_among_few(object)] : table_[slot_of(object)];
    return entry.object == nullptr ? nullptr : &entry.number;
  }
  // Answers false, and changes nothing, when the object is there already.
  bool add(PyObject* object, Number number) {
    if (table_.empty() ? used_ == kFew : (used_ + 1) * 2 > table_.size()) grow();
    Entry& entry =
        table_.empty() ? few_[place_among_few(object)] : table_[slot_of(object)];
    if (entry.object != nullptr) return false;
    entry = {object, number};
    ++used_;
    if (table_.empty()) few_[used_].object = nullptr;
    return true;
  }

 private:
  struct Entry {
    PyObject* object;
    Number number;
  };
  static constexpr std::size_t kFew = 12;

  // Where the object is, or where it belongs: at the end.
  std::size_t place_among_few(PyObject* object) const {
    std::size_t i = 0;
    while (few_[i].object != nullptr && few_[i].object != object) ++i;
    return i;
  }
  std::size_t slot_of(PyObject* object) const {
    auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(object));
    std::size_t i = (address * 0x9E3779B97F4A7C15u) >> shift_;
    while (table_[i].object != nullptr && table_[i].object != object) {
      i = (i + 1) & (table_.size() - 1);
    }
    return i;
  }
  void grow() {
    std::size_t size = std::max<std::size_t>(64, table_.size() * 4);
    std::pmr::vector<Entry> old(size, Entry{}, table_.get_allocator());
    old.swap(table_);
    shift_ = 64 - std::countr_zero(size);
    std::span<const Entry> entries = old;
    if (old.empty()) entries = {few_.data(), used_};
    for (const Entry& entry : entries) {
      if (entry.object != nullptr) table_[slot_of(entry.object)] = entry;
    }
  }

  std::array<Entry, kFew + 1> few_;  // up to an entry without an object
  std::pmr::vector<Entry> table_;
  std::size_t used_ = 0;
  int shift_ = 0;
};

// The same with room for half of `size` objects, a power of two, that is emptied in no
// time and used again.
template <std::size_t size>
class ReusedIdentityMap {
 public:
  using Number = std::uint32_t;

  void clear() {
    if (++generation_ == 0) table_.fill({});
  }
  // The object's number, or null.
  const Number* find(PyObject* object) const {
    const Entry& entry = table_[slot_of(object)];
    return entry.generation == generation_ ? &entry.number : nullptr;
  }
  // The object's number, or null, when the object gets `number`.
  // REQUIRES: room.
  const Number* find_or_add(PyObject* object, Number number) {
    Entry& entry = table_[slot_of(object)];
    if (entry.generation == generation_) return &entry.number;
    entry = {object, number, generation_};
    return nullptr;
  }

 private:
  struct Entry {
    PyObject* object = nullptr;
    Number number = 0;
    std::uint32_t generation = 0;
  };
  static constexpr int kShift = 64 - std::countr_zero(size);

  std::size_t slot_of(PyObject* object) const {
    auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(object));
    std::size_t i = (address * 0x9E3779B97F4A7C15u) >> kShift;
    while (table_[i].generation == generation_ && table_[i].object != object)
      i = (i + 1) & (size - 1);
    return i;
  }

  std::uint32_t generation_ = 1;
  std::array<Entry, size> table_;
};

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_IDENTITY_MAP_H_
