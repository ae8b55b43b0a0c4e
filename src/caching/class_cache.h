// What the cache keeps of each class.
#ifndef CPPICKLE_CACHING_CLASS_CACHE_H_
#define CPPICKLE_CACHING_CLASS_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "caching/cached_expansion.h"
#include "cpython/ref.h"
#include "identity/tracker.h"

namespace cppickle::caching {

// The identities of a class and of those that it reaches, and the cache key for which
// they hold.
struct CachedIdentities {
  struct Entry {
    std::size_t number;  // of the class in the cache key's objects
    identity::Identity identity;
  };

  std::vector<std::uint64_t> words;
  std::vector<cpython::Ref> texts;
  std::vector<Entry> entries;
};

// What is kept of a class; lives about as long as the class does.
// REQUIRES: `walked` is read only while the class has `version`, which keeps the values
// alive.
struct ClassCacheEntry {
  cpython::Ref weak;
  CacheEntry expansion;
  std::unique_ptr<CachedIdentities> identities;
  Backoff identities_backoff;
  // What the class holds that may change without it: the values of attributes,
  // borrowed, as long as the class has this version.
  std::uint64_t version = 0;
  std::vector<PyObject*> walked;
};

// The entries of classes, found by address.
// Thread safety: requires the GIL.
class ClassCache {
 public:
  // Made on the first call, and anew for a class at the address of a dead one.  Valid
  // as long as the class lives.
  ClassCacheEntry& of(PyObject* cls);
  void clear() { entries_.clear(); }

 private:
  static constexpr std::size_t kManyClasses = 64;

  std::unordered_map<PyObject*, ClassCacheEntry> entries_;
  std::size_t many_ = kManyClasses;  // from here on the dead are looked for
};

}  // namespace cppickle::caching

#endif  // CPPICKLE_CACHING_CLASS_CACHE_H_
