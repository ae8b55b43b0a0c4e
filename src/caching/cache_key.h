// What the bytes of an expansion depend on, read without running anyone's code.
#ifndef CPPICKLE_CACHING_CACHE_KEY_H_
#define CPPICKLE_CACHING_CACHE_KEY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cpython/identity_map.h"
#include "cpython/ref.h"

namespace cppickle::caching {

// References to borrowed objects, for what outlives the key that they are in.
std::vector<cpython::Ref> referenced(std::span<PyObject* const> objects);

// The content of an object graph in the order of a walk.  Two keys that match are of
// graphs for which a pickler without hooks, with an empty memo, writes the same bytes.
//
// Objects are described by their kind and content; where identity counts, by the number
// of their first visit.  Classes by value are described by their version, which is
// unique in the interpreter.  All pointers are borrowed: valid until foreign code runs.
// REQUIRES: no foreign code between build_cache_key() and the last use.
// Thread safety: requires the GIL.
class CacheKey {
 public:
  using Number = std::uint32_t;
  // From here on the walk gives up, and what it adds before it looks again is left out.
  static constexpr std::size_t kMostWords = 2048;

  // A list that is filled again and again.
  template <typename Item>
  class List {
   public:
    void push_back(Item item) {
      if (!is_full()) items_[size_++] = item;
    }
    bool is_full() const { return size_ == items_.size(); }
    Item operator[](std::size_t i) const { return items_[i]; }
    std::size_t size() const { return size_; }
    std::span<const Item> items() const { return {items_.data(), size_}; }
    void clear() { size_ = 0; }

   private:
    std::size_t size_ = 0;
    std::array<Item, kMostWords> items_;
  };

  List<std::uint64_t> words;
  List<PyObject*> texts;           // exact str or bytes, compared by content
  List<PyObject*> objects;         // by number
  List<PyObject*> namespaces;      // globals dicts, by number
  std::vector<cpython::Ref> kept;  // texts that nothing else keeps

  void clear();
  // The object's number, or null: then it gets the next one.
  const Number* number_or_new(PyObject* object) {
    if (objects.is_full()) [[unlikely]]
      return numbers_.find(object);  // so are the words, which are at least as many
    auto next = static_cast<Number>(objects.size());
    const Number* number = numbers_.find_or_add(object, next);
    if (number == nullptr) objects.push_back(object);
    return number;
  }
  bool has(PyObject* object) const { return numbers_.find(object) != nullptr; }
  bool matches(std::span<const std::uint64_t> other_words,
               std::span<const cpython::Ref> other_texts) const;

 private:
  cpython::ReusedIdentityMap<2 * kMostWords> numbers_;
};

}  // namespace cppickle::caching

#endif  // CPPICKLE_CACHING_CACHE_KEY_H_
