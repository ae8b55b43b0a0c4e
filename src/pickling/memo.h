// What a pickler has already written: object -> index in the unpickler's memo.
#ifndef CPPICKLE_PICKLING_MEMO_H_
#define CPPICKLE_PICKLING_MEMO_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/inline_vector.h"
#include "cpython/compat.h"
#include "cpython/ref.h"
#include "pickling/memo_table.h"
#include "pickling/string_pool.h"

namespace cppickle::pickling {

// Indices by object address.
//
// Two things make it cheap for plain data.  While no foreign code has run since the
// dump began ("quiet"), nothing can be freed, so keys are not referenced; and an object
// with a single reference can not be met again, so it gets its index without an entry
// in the table.  `settle()` ends that: it references every key and enters those left
// out. Owns its keys after settle(), and those that are older than the present quiet.
// Requires the GIL (or a lock of the owner).
class Memo {
 public:
  static constexpr std::size_t kAbsent = kAbsentFromMemo;

  Memo() = default;
  Memo(const Memo&) = delete;
  Memo& operator=(const Memo&) = delete;
  ~Memo() { clear(); }

  std::size_t size() const { return keys_.size(); }
  bool quiet() const { return quiet_; }
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

  // How strings are told apart.
  enum class Strings : std::uint8_t {
    kByIdentity,  // as the standard pickler has it
    kUnified,     // equal short strings are one: streams with code must not depend on
                  // which of them are interned
    kByContent,   // each is written out, also bytes: digests, which nobody loads
  };
  Strings strings() const { return strings_; }
  // True in streams with code, and in digests.
  bool unifies_strings() const { return strings_ != Strings::kByIdentity; }
  // From now on equal short strings are one.  No change of a memo by content.
  void unify_strings();
  // The same, where the strings of `pool` are those that stand for their equals.  None
  // of them may be here already.
  void unify_strings_with(std::shared_ptr<const StringPool> pool) {
    unify_strings();
    pool_.share(std::move(pool));
  }
  // Requires an empty memo.
  void tell_strings_by_content() { strings_ = Strings::kByContent; }
  // True for a string that is one with its equals once strings are unified.
  static bool unifies(PyObject* text) {
    return PyUnicode_GET_LENGTH(text) <= kLongestUnified;
  }
  // The string that stands for all that equal `text`.  Requires Strings::kUnified.
  PyObject* unified(PyObject* text) {
    return unifies(text) ? pool_.unified(text) : text;
  }

  // The key that has the index, borrowed; null for an anonymous one.
  PyObject* key_at(std::size_t index) const {
    return reinterpret_cast<PyObject*>(keys_[index] & ~kLeftOut);
  }
  bool has_aliases() const { return !aliases_.empty(); }

  // Puts `key`, unless it is there, under an index of the caller's choice (assignment
  // to Pickler.memo).
  void set(PyObject* key, std::size_t index);

  // To be called before any foreign code runs; a second call costs a test.
  void settle() {
    if (quiet_) end_quiet();
  }
  // True when it is quiet and has not always been: foreign code may have taken objects
  // out of the containers that they are met in.
  bool quiet_again() const { return quiet_ && was_loud_; }
  // To be called when the engine alone is going to be at work until settle(): whatever
  // gets into the memo meanwhile must live as long as that.
  void begin_quiet() {
    if (quiet_) return;
    quiet_ = true;
    first_quiet_ = keys_.size();
    collector_.begin();
  }

  void clear();
  int traverse(visitproc visit, void* arg) const;

  // Calls visit(key, index) for every entry.  Requires !quiet().
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
  static constexpr Py_ssize_t kLongestUnified = 200;  // characters
  using Keys = core::InlineVector<std::uintptr_t, 32>;
  // The tag of a key that has no entry in the table.
  static constexpr std::uintptr_t kLeftOut = 1;

  std::size_t referenced_count() const { return quiet_ ? first_quiet_ : keys_.size(); }
  std::uintptr_t key_with_reference(PyObject* key) const {
    if (!quiet_) Py_INCREF(key);
    return reinterpret_cast<std::uintptr_t>(key);
  }
  std::size_t find_or_enter(PyObject* key, std::size_t index) {
    if (PackedEntry::fits(key, index) && wide_.empty()) [[likely]]
      return packed_.find_or_enter(key, index);
    return find_or_enter_widely(key, index);
  }
  std::size_t find_or_enter_widely(PyObject* key, std::size_t index);
  void end_quiet();

  MemoTable<PackedEntry> packed_;
  MemoTable<WideEntry> wide_;  // what does not fit the other
  bool quiet_ = false;
  bool was_loud_ = false;
  std::size_t first_quiet_ = 0;  // while quiet: keys from here on have no reference
  cpython::CollectorPause collector_;  // while quiet
  Keys keys_;                          // by index: the key, 0 for anonymous ones
  std::vector<cpython::Ref> aliases_;
  Strings strings_ = Strings::kByIdentity;
  StringPool pool_;  // the unified strings
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_MEMO_H_
