// An expansion as it was written once, to be written again in one piece.
#ifndef CPPICKLE_CACHING_CACHED_EXPANSION_H_
#define CPPICKLE_CACHING_CACHED_EXPANSION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cpython/ref.h"
#include "pickling/string_pool.h"

namespace cppickle::caching {

// What was written for a function or class near the beginning of a stream, as if that
// had an empty memo.  Holds no object of the user's but strings and bytes: other
// objects are numbers in the cache key that matches.
// REQUIRES: written only where a cache key with its words and texts has just been
// built, at the beginning of a stream without hooks, overrides or fast mode.
struct CachedExpansion {
  // A key of the memo, by index.
  struct MemoKey {
    enum class Kind : std::uint8_t {
      kAnonymous,  // nothing that can be met again
      kHeld,       // `held`: an object of our own or of the standard library, a string
      kObject,     // `number` in the cache key's objects
      kNamespace,  // `number` in `namespaces`
    };
    Kind kind;
    std::size_t number = 0;
    cpython::Ref held;
  };
  struct SentNamespace {
    cpython::Ref held;   // the helper's globals; else null
    std::size_t number;  // in the cache key's namespaces
    std::vector<cpython::Ref> sent;
  };

  std::vector<std::uint64_t> words;  // of the cache key
  std::vector<cpython::Ref> texts;
  std::string bytes;  // opcodes
  // The places of BINGET arguments in them; `relocatable` when no GET is longer.
  std::vector<std::uint32_t> gets;
  bool relocatable = false;

  // What it leaves behind for the rest of the stream.
  bool restorable = false;  // false: only when nothing follows
  std::vector<MemoKey> keys;
  std::shared_ptr<const pickling::StringPool> strings;  // of code: anonymous keys
  std::vector<SentNamespace> namespaces;
  std::vector<cpython::Ref> imports;  // names of submodules
  std::vector<std::size_t> classes;   // numbers in the cache key's objects
};

// When it is worth to look whether something is as it was.
class Backoff {
 public:
  // False for the first dump, and while it is not worth it: what changes at every dump
  // is tried ever more seldom.
  bool should_probe() {
    if (wait_ == 0) return true;
    --wait_;
    return false;
  }
  void hit() { misses_ = 0; }
  void miss() {
    misses_ = std::min(misses_ + 1, kMostMisses);
    if (misses_ > 2) wait_ = 1u << misses_;
  }

 private:
  static constexpr int kMostMisses = 9;

  int misses_ = 0;
  unsigned wait_ = 1;
};

// The cached expansion of one function or class, and when to try it.
class CacheEntry {
 public:
  Backoff backoff;

  const CachedExpansion* expansion() const { return expansion_.get(); }
  void keep(std::unique_ptr<CachedExpansion> expansion) {
    expansion_ = std::move(expansion);
  }

 private:
  std::unique_ptr<CachedExpansion> expansion_;
};

}  // namespace cppickle::caching

#endif  // CPPICKLE_CACHING_CACHED_EXPANSION_H_
