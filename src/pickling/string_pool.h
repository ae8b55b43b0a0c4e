// One string for all that are equal.
#ifndef CPPICKLE_PICKLING_STRING_POOL_H_
#define CPPICKLE_PICKLING_STRING_POOL_H_

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "cpython/compat.h"
#include "cpython/ref.h"

namespace cppickle::pickling {

// The first string of each content that it has met.  Holds a reference to each: strings
// are in no cycle, so the garbage collector need not know.  Open addressing by the hash
// that strings keep, at most half full.
// Thread safety: requires the GIL (or a lock of the owner).
class StringPool {
 public:
  StringPool() = default;
  StringPool(const StringPool&) = delete;
  StringPool& operator=(const StringPool&) = delete;
  ~StringPool() { clear(); }

  // From now on the strings of another pool, which changes no more, belong to this one.
  // None of them may equal one that is here.
  void share(std::shared_ptr<const StringPool> pool) { shared_ = std::move(pool); }

  // The string that stands for all that equal `text`, an exact str; null when there is
  // none.  Not for those of a shared pool.
  PyObject* find(PyObject* text) const {
    return used_ == 0 ? nullptr : slot_of(text, cpython::str_hash(text));
  }
  // The same; where there is none, it is `text` from now on.
  PyObject* pooled(PyObject* text) {
    if (shared_ != nullptr) {
      if (PyObject* known = shared_->find(text)) return known;
    }
    if (used_ == room_) [[unlikely]]
      grow();
    Py_hash_t hash = cpython::str_hash(text);
    PyObject*& entry = slot_of(text, hash);
    if (entry == nullptr) {
      entry = Py_NewRef(text);
      ++used_;
    }
    return entry;
  }

  void clear();

 private:
  static constexpr std::size_t kFirstSize = 16;

  // The entry of a string that equals `text`, or the free one that it would get.
  PyObject*& slot_of(PyObject* text, Py_hash_t hash) const {
    std::size_t i = static_cast<std::size_t>(hash) & mask_;
    while (
        table_[i] != nullptr && table_[i] != text &&
        !(cpython::str_hash(table_[i]) == hash && cpython::same_str(table_[i], text)))
      i = (i + 1) & mask_;
    return table_[i];
  }
  [[gnu::noinline]] void grow();

  PyObject** table_ = nullptr;  // first_, or in heap_
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
  std::size_t room_ = 0;  // entries that may be used
  std::shared_ptr<const StringPool> shared_;
  std::vector<PyObject*> heap_;
  std::array<PyObject*, kFirstSize> first_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_STRING_POOL_H_
