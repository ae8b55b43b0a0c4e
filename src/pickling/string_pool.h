// One memo entry for all strings that are equal.
#ifndef CPPICKLE_PICKLING_STRING_POOL_H_
#define CPPICKLE_PICKLING_STRING_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "cpython/compat.h"
#include "cpython/ref.h"

namespace cppickle::pickling {

// The memo's index of each content.  Holds a reference to one string of each: strings
// are in no cycle, so the garbage collector need not know.  Open addressing by the hash
// that strings keep, at most half full; before it stands a filter by length and two
// characters, for most strings that are looked up are none of these.
// Thread safety: requires the GIL (or a lock of the owner).
class StringPool {
 public:
  static constexpr std::size_t kAbsent = SIZE_MAX;
  struct Pooled {
    PyObject* text;
    std::size_t index;
  };

  StringPool() = default;
  StringPool(const StringPool&) = delete;
  StringPool& operator=(const StringPool&) = delete;
  ~StringPool() { clear(); }

  // From now on the strings of another pool, which changes no more, belong to this one;
  // their indices there are counted from `first`.
  // REQUIRES: an empty pool.
  void share(std::shared_ptr<const StringPool> pool, std::size_t first) {
    shared_ = std::move(pool);
    first_shared_ = first;
    filter_ = shared_->filter_;
  }

  // The index for all that equal `text`, an exact str, or kAbsent.
  [[gnu::always_inline]] std::size_t find(PyObject* text) const {
    std::size_t place = place_in_filter(text);
    if ((filter_[place / 64] >> place % 64 & 1) == 0) [[likely]]
      return kAbsent;
    return find_exactly(text);
  }
  // Gives `text`, of which there is no equal, an index.
  void add(PyObject* text, std::size_t index);

  // Those of this pool alone, in any order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; table_ != nullptr && i <= mask_; ++i) {
      if (table_[i].text != nullptr) visit(table_[i]);
    }
  }

  void clear();

 private:
  static constexpr std::size_t kFirstSize = 16;
  static constexpr std::size_t kFilterBits = 512;
  using Filter = std::array<std::uint64_t, kFilterBits / 64>;

  static std::size_t place_in_filter(PyObject* text) {
    auto length = static_cast<std::size_t>(PyUnicode_GET_LENGTH(text));
    if (!PyUnicode_IS_COMPACT_ASCII(text) || length == 0) return length % kFilterBits;
    auto data = reinterpret_cast<const unsigned char*>(
        reinterpret_cast<const PyASCIIObject*>(text) + 1);
    return (length * 43 + data[0] * 5 + data[length - 1] * 17) % kFilterBits;
  }
  [[gnu::noinline]] std::size_t find_exactly(PyObject* text) const;
  // The entry of a string that equals `text`, or the free one that it would get.
  Pooled& slot_of(PyObject* text, Py_hash_t hash) const {
    std::size_t i = static_cast<std::size_t>(hash) & mask_;
    while (table_[i].text != nullptr && table_[i].text != text &&
           !(cpython::str_hash(table_[i].text) == hash &&
             cpython::same_str(table_[i].text, text)))
      i = (i + 1) & mask_;
    return table_[i];
  }
  void grow();

  Pooled* table_ = nullptr;  // first_, or in heap_
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
  std::size_t room_ = 0;  // entries that may be used
  std::shared_ptr<const StringPool> shared_;
  std::size_t first_shared_ = 0;
  std::vector<Pooled> heap_;
  Filter filter_{};  // of those in both
  std::array<Pooled, kFirstSize> first_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_STRING_POOL_H_
