// What a pickler has already written: object -> index in the unpickler's memo.
#ifndef CPPICKLE_PICKLING_MEMO_H_
#define CPPICKLE_PICKLING_MEMO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cpython/compat.h"
#include "cpython/ref.h"

namespace cppickle::pickling {

// An open-addressing table over object addresses.
//
// Two things make it cheap for plain data.  While no foreign code has run since the
// dump began ("quiet"), nothing can be freed, so keys are not referenced; and an object
// with a single reference can not be met again, so it gets its index without an entry
// in the table.  `settle()` ends that: it references every key and enters those left
// out. Owns its keys after settle().  Requires the GIL (or a lock of the owner).
class Memo {
 public:
  static constexpr std::size_t kAbsent = SIZE_MAX;

  Memo() = default;
  Memo(const Memo&) = delete;
  Memo& operator=(const Memo&) = delete;
  ~Memo() { clear(); }

  std::size_t size() const { return keys_.size(); }
  bool quiet() const { return quiet_; }
  std::size_t bytes() const {
    return heap_.capacity() * sizeof(Entry) + keys_.capacity() * sizeof(std::uintptr_t);
  }

  // The index of `key`, or kAbsent.
  std::size_t find(PyObject* key) const {
    if (used_ == 0) return kAbsent;
    for (std::size_t i = slot_of(key);; i = (i + 1) & mask_) {
      if (table_[i].key == key) return table_[i].index;
      if (table_[i].key == nullptr) return kAbsent;
    }
  }

  // The index of `key` when it is there; else gives it the next one and answers
  // kAbsent.
  std::size_t find_or_add(PyObject* key) {
    if ((used_ + 1) * 2 > mask_ + 1) [[unlikely]]
      grow();
    for (std::size_t i = slot_of(key);; i = (i + 1) & mask_) {
      if (table_[i].key == key) return table_[i].index;
      if (table_[i].key == nullptr) {
        enter(i, key, keys_.size());
        keys_.push_back(key_with_reference(key));
        return kAbsent;
      }
    }
  }

  // Gives the next index to `key`, which is not there yet.  Answers the index.
  std::size_t add(PyObject* key) {
    std::size_t index = keys_.size();
    find_or_add(key);
    return index;
  }
  // The same for an object that nothing else refers to.  Requires quiet().
  std::size_t add_unshared(PyObject* key) {
    keys_.push_back(reinterpret_cast<std::uintptr_t>(key) | kLeftOut);
    return keys_.size() - 1;
  }
  // Gives the next index to an object that exists only in the stream.
  std::size_t add_anonymous() {
    keys_.push_back(0);
    return keys_.size() - 1;
  }
  // Gives `key` the index of an object that is there already.
  void alias(PyObject* key, std::size_t index);

  // From now on equal short strings are one: streams with code must not depend on which
  // of them are interned.
  void unify_strings();
  bool unifies_strings() const { return unifies_strings_; }
  // The same for an empty memo, where `strings`, a dict of strings to themselves, is
  // known.  Others may hold it too: it is copied when it has to grow.
  void unify_strings_with(PyObject* strings);
  // True for a string that is one with its equals once strings are unified.
  static bool unifies(PyObject* text) {
    return PyUnicode_GET_LENGTH(text) <= kLongestUnified;
  }
  // The string that stands for all that equal `text`.  Requires unifies_strings().
  PyObject* unified(PyObject* text) {
    if (!unifies(text)) return text;
    for (const cpython::Ref& known : few_strings_) {
      if (known.get() == text) return text;
    }
    return unified_by_value(text);
  }

  // The key that has the index, borrowed; null for an anonymous one.
  PyObject* key_at(std::size_t index) const {
    return reinterpret_cast<PyObject*>(keys_[index] & ~kLeftOut);
  }
  bool has_aliases() const { return !aliases_.empty(); }

  // Makes room for `count` keys in all.
  void reserve(std::size_t count);

  // Puts `key` under an index of the caller's choice (assignment to Pickler.memo).
  void set(PyObject* key, std::size_t index);

  // To be called before any foreign code runs; a second call costs a test.
  void settle() {
    if (quiet_) end_quiet();
  }
  // Plain data again: allowed only when the memo is empty.
  void begin_quiet() {
    quiet_ = keys_.empty();
    if (quiet_) collector_.begin();
  }

  void clear();
  int traverse(visitproc visit, void* arg) const;

  // Calls visit(key, index) for every entry.  Requires !quiet().
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : entries()) {
      if (entry.key != nullptr) visit(entry.key, entry.index);
    }
  }

 private:
  struct Entry {
    PyObject* key;
    std::size_t index;
  };
  static constexpr Py_ssize_t kLongestUnified = 200;  // characters
  static constexpr std::size_t kFewStrings = 8;
  // The tag of a key that has no entry in the table.
  static constexpr std::uintptr_t kLeftOut = 1;

  std::size_t slot_of(PyObject* key) const {
    auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(key));
    return static_cast<std::size_t>((address * 0x9E3779B97F4A7C15u) >> shift_);
  }
  std::uintptr_t key_with_reference(PyObject* key) const {
    if (!quiet_) Py_INCREF(key);
    return reinterpret_cast<std::uintptr_t>(key);
  }
  void enter(std::size_t slot, PyObject* key, std::size_t index) {
    table_[slot] = {key, index};
    ++used_;
  }
  std::span<Entry> entries() const { return {table_, used_ == 0 ? 0 : mask_ + 1}; }
  PyObject* unified_by_value(PyObject* text);
  void grow();
  void resize(std::size_t size);
  void insert_new(PyObject* key, std::size_t index);
  void end_quiet();

  // Entries of the first table, which needs no allocation.
  static constexpr std::size_t kFirstSize = 32;

  Entry* table_ = nullptr;  // first_ or heap_
  std::size_t mask_ = 0;
  int shift_ = 64;
  std::size_t used_ = 0;
  bool quiet_ = false;
  cpython::CollectorPause collector_;  // while quiet
  std::array<Entry, kFirstSize> first_;
  std::vector<Entry> heap_;
  std::vector<std::uintptr_t> keys_;  // by index: the key, 0 for anonymous ones
  std::vector<cpython::Ref> aliases_;
  bool unifies_strings_ = false;
  std::vector<cpython::Ref> few_strings_;  // the unified strings
  cpython::Ref strings_;                   // the same as a dict, once they are many
  bool strings_are_shared_ = false;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_MEMO_H_
