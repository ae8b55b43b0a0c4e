// From an object's address to its index: the tables of a memo.
#ifndef CPPICKLE_PICKLING_MEMO_TABLE_H_
#define CPPICKLE_PICKLING_MEMO_TABLE_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

#include "cpython/python.h"

namespace cppickle::pickling {

inline constexpr std::size_t kAbsentFromMemo = SIZE_MAX;

inline std::uint64_t address_of(PyObject* key) {
  return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(key));
}

// An entry of 8 bytes, for addresses of user space and indices up to a million: 44 bits
// of address and 20 of index.
class PackedEntry {
 public:
  static bool fits(PyObject* key, std::size_t index) {
    return (address_of(key) & ~kAddressBits) == 0 && index < kIndexLimit;
  }
  PackedEntry(PyObject* key, std::size_t index)
      : bits_(address_of(key) << kSpareHighBits | index) {}

  bool is_free() const { return bits_ == 0; }
  bool is_of(PyObject* key) const {
    return (bits_ ^ address_of(key) << kSpareHighBits) < kIndexLimit;
  }
  PyObject* key() const {
    auto address =
        static_cast<std::uintptr_t>((bits_ >> kSpareHighBits) & kAddressBits);
    return reinterpret_cast<PyObject*>(address);
  }
  std::size_t index() const { return static_cast<std::size_t>(bits_ % kIndexLimit); }

 private:
  static constexpr int kSpareHighBits = 17;
  static constexpr std::uint64_t kAddressBits = 0x0000'7fff'ffff'fff8;
  static constexpr std::uint64_t kIndexLimit = 1 << 20;

  std::uint64_t bits_;
};

// An entry for all others.
class WideEntry {
 public:
  WideEntry(PyObject* key, std::size_t index) : key_(key), index_(index) {}

  bool is_free() const { return key_ == nullptr; }
  bool is_of(PyObject* key) const { return key_ == key; }
  PyObject* key() const { return key_; }
  std::size_t index() const { return index_; }

 private:
  PyObject* key_;
  std::size_t index_;
};

// Open addressing with linear probing, at most half full.  Entries of zero bytes are
// free.  Neither owns nor looks at the keys.
template <typename Entry>
class MemoTable {
 public:
  MemoTable() = default;
  MemoTable(const MemoTable&) = delete;
  MemoTable& operator=(const MemoTable&) = delete;

  bool empty() const { return used_ == 0; }
  std::size_t bytes() const { return heap_ ? (mask_ + 1) * sizeof(Entry) : 0; }
  std::span<Entry> entries() const {
    return {table_, table_ == nullptr ? 0 : mask_ + 1};
  }

  std::size_t find(PyObject* key) const {
    if (used_ == 0) return kAbsentFromMemo;
    const Entry& entry = slot_of(key);
    return entry.is_free() ? kAbsentFromMemo : entry.index();
  }
  // Answers the index of `key`; when it is not there, enters it and answers
  // kAbsentFromMemo.
  std::size_t find_or_enter(PyObject* key, std::size_t index) {
    if (used_ >= room_) [[unlikely]]
      grow();
    Entry& entry = slot_of(key);
    if (!entry.is_free()) return entry.index();
    entry = Entry(key, index);
    ++used_;
    return kAbsentFromMemo;
  }
  // Fetches what a look-up of `key` is going to read.
  void prefetch(PyObject* key) const {
    if (table_ != nullptr) __builtin_prefetch(table_ + first_slot(key), 1);
  }
  void clear() {
    table_ = nullptr;
    heap_.reset();
    used_ = room_ = mask_ = 0;
  }

 private:
  // These need no allocation.  Few memos have other than packed entries; and foreign
  // code may nest dumps as deep as the interpreter lets it, all on one C stack.
  static constexpr std::size_t kFirstSize = sizeof(Entry) == 8 ? 128 : 16;
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  std::size_t first_slot(PyObject* key) const {
    return static_cast<std::size_t>((address_of(key) * 0x9E3779B97F4A7C15u) >> shift_);
  }
  // The entry of `key`, or the free one that it would get.
  Entry& slot_of(PyObject* key) const {
    std::size_t i = first_slot(key);
    while (!table_[i].is_of(key) && !table_[i].is_free()) i = (i + 1) & mask_;
    return table_[i];
  }
  [[gnu::noinline]] void grow();
  void use(Entry* table, std::size_t size) {
    table_ = table;
    mask_ = size - 1;
    room_ = size / 2;
    shift_ = 64 - std::countr_zero(size);
  }

  Entry* table_ = nullptr;  // first_ or heap_
  std::size_t mask_ = 0;
  std::size_t room_ = 0;  // entries that may be used
  std::size_t used_ = 0;
  int shift_ = 0;
  std::unique_ptr<void, Free> heap_;
  alignas(Entry) std::array<std::byte, kFirstSize * sizeof(Entry)> first_;
};

template <typename Entry>
void MemoTable<Entry>::grow() {
  std::span<Entry> old = entries();
  std::unique_ptr<void, Free> old_heap = std::move(heap_);
  if (old.empty()) {
    first_.fill(std::byte{0});
    return use(reinterpret_cast<Entry*>(first_.data()), kFirstSize);
  }
  std::size_t size = old.size() * (old.size() < 1 << 14 ? 8 : 4);
  heap_.reset(std::calloc(size, sizeof(Entry)));
  if (heap_ == nullptr) {
    heap_ = std::move(old_heap);
    throw std::bad_alloc();
  }
  use(static_cast<Entry*>(heap_.get()), size);
  for (const Entry& entry : old) {
    if (!entry.is_free()) slot_of(entry.key()) = entry;
  }
}

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_MEMO_TABLE_H_
