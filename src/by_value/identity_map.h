// Object -> number, by address.
#ifndef CPPICKLE_BY_VALUE_IDENTITY_MAP_H_
#define CPPICKLE_BY_VALUE_IDENTITY_MAP_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "cpython/ref.h"

namespace cppickle::by_value {

// A small open-addressing table.  Takes no references: the objects must outlive it. Not
// thread safe.
class IdentityMap {
 public:
  using Number = std::uint32_t;

  // Room for half of 2**first_bits objects before it grows.
  IdentityMap(std::pmr::memory_resource* memory, int first_bits)
      : table_(std::size_t{1} << first_bits, Entry{}, memory),
        shift_(64 - first_bits) {}

  // The object's number, or null.
  const Number* find(PyObject* object) const {
    const Entry& entry = table_[slot_of(object)];
    return entry.object == nullptr ? nullptr : &entry.number;
  }
  // Answers false, and changes nothing, when the object is there already.
  bool add(PyObject* object, Number number) {
    if ((used_ + 1) * 2 > table_.size()) grow();
    Entry& entry = table_[slot_of(object)];
    if (entry.object != nullptr) return false;
    entry = {object, number};
    ++used_;
    return true;
  }

 private:
  struct Entry {
    PyObject* object = nullptr;
    Number number = 0;
  };

  // Where the object is, or where it belongs.
  std::size_t slot_of(PyObject* object) const {
    auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(object));
    std::size_t i = (address * 0x9E3779B97F4A7C15u) >> shift_;
    while (table_[i].object != nullptr && table_[i].object != object) {
      i = (i + 1) & (table_.size() - 1);
    }
    return i;
  }
  void grow() {
    std::pmr::vector<Entry> old(table_.size() * 4, Entry{}, table_.get_allocator());
    old.swap(table_);
    shift_ -= 2;
    for (const Entry& entry : old) {
      if (entry.object != nullptr) table_[slot_of(entry.object)] = entry;
    }
  }

  std::pmr::vector<Entry> table_;
  std::size_t used_ = 0;
  int shift_;
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
  // Requires that the object is not there, and room.
  void add(PyObject* object, Number number) {
    table_[slot_of(object)] = {object, number, generation_};
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

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_IDENTITY_MAP_H_
