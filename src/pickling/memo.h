// What a pickler has already written: object -> index in the unpickler's memo.
#ifndef CPPICKLE_PICKLING_MEMO_H_
#define CPPICKLE_PICKLING_MEMO_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/inline_vector.h"
#include "cpython/borrow_scope.h"
#include "cpython/compat.h"
#include "cpython/ref.h"
#include "pickling/memo_table.h"
#include "pickling/string_pool.h"

namespace cppickle::pickling {

// Indices by object address.
//
// Two things make it cheap for plain data.  As long as no foreign code has run since
// the dump began, nothing can be freed, so the memo borrows its keys: it takes no
// reference to them.  And an object with a single reference cannot be met again, so it
// gets its index without an entry in the table.  `own_keys()` ends that: it takes a
// reference to every key and enters those left out.  Keys from before the last
// borrow_keys() stay owned.
// REQUIRES: own_keys() before any foreign code runs; and whatever is added between
// borrow_keys() and own_keys() has an owner for that long.  A step of a script may be
// the only owner of an object, so scripts own the keys before each of their steps; the
// items of an iterator may have no other owner, so keys are not borrowed while an
// iterator is on the work stack.
// Thread safety: requires the GIL (or a lock of the owner).
class Memo {
 public:
  static constexpr std::size_t kAbsent = kAbsentFromMemo;

  Memo() = default;
  Memo(const Memo&) = delete;
  Memo& operator=(const Memo&) = delete;
  ~Memo() { clear(); }

  std::size_t size() const { return keys_.size(); }
  bool borrows_keys() const { return borrows_keys_; }
  std::size_t bytes() const {
    return packed_.bytes() + wide_.bytes() + keys_.heap_bytes();
  }

  // The index of `key`, or kAbsent.
  std::size_t find(PyObject* key) const {
    std::size_t index = packed_.find(key);
    return index == kAbsent ? wide_.find(key) : index;
  }

  // The index of `key` when it is there; else gives it the next one and answers
  // kAbsent.
  std::size_t find_or_add(PyObject* key) {
    std::size_t index = find_or_enter(key, keys_.size());
    if (index == kAbsent) keys_.push_back(key_with_reference(key));
    return index;
  }
  // Fetches what find_or_add(key) is going to read.
  void prefetch(PyObject* key) const { packed_.prefetch(key); }

  // Gives the next index to `key`, which is not there yet.  Answers the index.
  std::size_t add(PyObject* key) {
    std::size_t index = keys_.size();
    find_or_add(key);
    return index;
  }
  // The same for an object that nothing else refers to.
  // REQUIRES: borrows_keys().
  std::size_t add_sole_reference(PyObject* key) {
    keys_.push_back(reinterpret_cast<std::uintptr_t>(key) | kNotInTable);
    return keys_.size() - 1;
  }
  // Gives the next index to an object that exists only in the stream.
  std::size_t add_anonymous() {
    keys_.push_back(0);
    return keys_.size() - 1;
  }
  // Gives `key` the index of an object that is there already.
  void alias(PyObject* key, std::size_t index);

  // Whose strings are being written, which says how they are told apart.
  enum class Strings : std::uint8_t {
    kOfData,     // by identity, as the standard pickler has it; those that equal a
                 // string of code are that one
    kOfCode,     // equal short strings are one: code must not depend on which of them
                 // are interned
    kSentinels,  // the same, and one that has been met as data is that one
    kByContent,  // each is written out, also bytes: digests, which nobody loads
  };
  Strings strings() const { return strings_; }
  // No change of a memo by content.
  void set_strings(Strings strings) {
    if (strings_ != Strings::kByContent) strings_ = strings;
  }
  // REQUIRES: an empty memo.
  void write_strings_by_content() {
    strings_ = Strings::kByContent;
    has_code_ = true;
  }
  // While one lives, strings are of this kind.
  class StringsScope {
   public:
    StringsScope(Memo& memo, Strings strings) : memo_(memo), before_(memo.strings_) {
      memo.set_strings(strings);
    }
    StringsScope(const StringsScope&) = delete;
    StringsScope& operator=(const StringsScope&) = delete;
    ~StringsScope() { memo_.strings_ = before_; }

   private:
    Memo& memo_;
    Strings before_;
  };

  // True in streams with code, and in digests.
  bool has_code() const { return has_code_; }
  // To be called before the first code, class, function or dynamic module of a stream
  // is written.
  void note_code() {
    own_keys();
    has_code_ = true;
  }
  const StringPool& strings_of_code() const { return pool_; }
  // Those of `pool` are strings of code, at indices that are counted from `first`.
  // REQUIRES: !has_code().
  void add_strings_of_code(std::shared_ptr<const StringPool> pool, std::size_t first) {
    note_code();
    pool_.share(std::move(pool), first);
  }
  // True for a string that is one with its equals where it is one of code.
  static bool is_poolable(PyObject* text) {
    return PyUnicode_GET_LENGTH(text) <= kLongestPooled;
  }

  // As find() and find_or_add(), for an exact str.
  // REQUIRES: not by content.
  std::size_t find_text(PyObject* text) const {
    std::size_t index = pool_.find(text);
    return index == kAbsent && !is_pooled(text) ? find(text) : index;
  }
  std::size_t find_or_add_text(PyObject* text) {
    if (has_code_) [[unlikely]] {
      std::size_t index = pool_.find(text);
      if (index != kAbsent) return index;
      if (is_pooled(text)) return find_or_add_pooled(text);
    }
    if (borrows_keys_ && cpython::is_sole_reference(text)) {
      add_sole_reference(text);
      return kAbsent;
    }
    return find_or_add(text);
  }

  // The key that has the index, borrowed; null for an anonymous one.
  PyObject* key_at(std::size_t index) const {
    return reinterpret_cast<PyObject*>(keys_[index] & ~kNotInTable);
  }
  bool has_aliases() const { return !aliases_.empty(); }

  // Notes that the dict under the key `stand_in` is to become `dict`, should that be
  // met in the stream: see stand_ins.cc.  `kind` tells what the stand-in holds.
  void note_stand_in(PyObject* dict, PyObject* stand_in, PyObject* kind) {
    stand_ins_.push_back({cpython::Ref::borrow(dict), cpython::Ref::borrow(stand_in),
                          cpython::Ref::borrow(kind)});
  }
  struct StandIn {
    cpython::Ref dict;
    cpython::Ref stand_in;
    cpython::Ref kind;
  };
  bool has_stand_ins() const { return !stand_ins_.empty(); }
  // Null: there is none.
  const StandIn* stand_in_for(PyObject* dict) const;

  // Puts `key`, unless it is there, under an index of the caller's choice (assignment
  // to Pickler.memo).
  void set(PyObject* key, std::size_t index);

  // To be called before any foreign code runs; a second call costs a test.
  void own_keys() {
    if (borrows_keys_) take_references();
  }
  // True when keys are borrowed, and have been owned before: foreign code may have
  // taken objects out of the containers that they are met in.
  bool borrows_keys_again() const { return borrows_keys_ && has_owned_keys_; }
  // To be called when the engine alone is going to be at work until own_keys():
  // whatever gets into the memo meanwhile must live as long as that.
  void borrow_keys() {
    if (borrows_keys_) return;
    borrows_keys_ = true;
    first_borrowed_ = keys_.size();
    borrowing_.begin();
  }

  void clear();
  int traverse(visitproc visit, void* arg) const;

  // Calls visit(key, index) for every entry.
  // REQUIRES: !borrows_keys().
  template <typename Visit>
  void for_each(Visit visit) const {
    auto visit_all = [&](const auto& table) {
      for (const auto& entry : table.entries()) {
        if (!entry.is_free()) visit(entry.key(), entry.index());
      }
    };
    visit_all(packed_);
    visit_all(wide_);
  }

 private:
  static constexpr Py_ssize_t kLongestPooled = 200;  // characters
  using Keys = core::InlineVector<std::uintptr_t, 32>;
  // The tag of a key that has no entry in the table.
  static constexpr std::uintptr_t kNotInTable = 1;

  std::size_t referenced_count() const {
    return borrows_keys_ ? first_borrowed_ : keys_.size();
  }
  std::uintptr_t key_with_reference(PyObject* key) const {
    if (!borrows_keys_) Py_INCREF(key);
    return reinterpret_cast<std::uintptr_t>(key);
  }
  std::size_t find_or_enter(PyObject* key, std::size_t index) {
    if (PackedEntry::fits(key, index) && wide_.empty()) [[likely]]
      return packed_.find_or_enter(key, index);
    return find_or_enter_widely(key, index);
  }
  std::size_t find_or_enter_widely(PyObject* key, std::size_t index);
  bool is_pooled(PyObject* text) const {
    return (strings_ == Strings::kOfCode || strings_ == Strings::kSentinels) &&
           is_poolable(text);
  }
  std::size_t find_or_add_pooled(PyObject* text);
  void take_references();

  MemoTable<PackedEntry> packed_;
  MemoTable<WideEntry> wide_;  // what does not fit the other
  bool borrows_keys_ = false;
  bool has_owned_keys_ = false;
  std::size_t first_borrowed_ = 0;  // while they are borrowed: from here on
  cpython::Borrowing borrowing_;    // while keys are borrowed
  Keys keys_;                       // by index: the key, 0 for anonymous ones
  std::vector<cpython::Ref> aliases_;
  std::vector<StandIn> stand_ins_;
  Strings strings_ = Strings::kOfData;
  bool has_code_ = false;
  StringPool pool_;  // the short strings of code
};

// While one lives, code is being written: the strings are its own.
class CodeScope {
 public:
  explicit CodeScope(Memo& memo) : strings_(noted(memo), Memo::Strings::kOfCode) {}

 private:
  static Memo& noted(Memo& memo) {
    memo.note_code();
    return memo;
  }
  Memo::StringsScope strings_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_MEMO_H_
