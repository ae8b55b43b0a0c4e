// The cache of expansions: dumping the same function or class again is a comparison and
// a copy.
//
//   1st dump   written by the reducers
//   2nd dump   a cache key is built, what the reducers write is recorded with it
//   3rd dump   a cache key is built; it matches: the cached expansion is written
//
// Only what stands at the very beginning of a stream without hooks is recorded, for
// there the memo is empty and all indices are the same.
#ifndef CPPICKLE_CACHING_EXPANSION_CACHE_H_
#define CPPICKLE_CACHING_EXPANSION_CACHE_H_

#include <memory>

#include "caching/cache_key.h"
#include "caching/cached_expansion.h"
#include "caching/class_cache.h"
#include "cpython/ref.h"

namespace cppickle::pickling {
class Pickler;
}

namespace cppickle::stream {
class ByValueContext;
class StreamState;
}  // namespace cppickle::stream

namespace cppickle::caching {

// What is kept of classes and code objects, and what is used again at every dump. Owned
// by the module's state.
// Thread safety: requires the GIL.
class ExpansionCache {
 public:
  void load();
  void clear();

  CacheKey& scratch_key() { return *scratch_key_; }
  ClassCache& classes() { return classes_; }
  // The entry of a function or class; null for a function whose code is not known yet.
  CacheEntry* entry_of(const stream::ByValueContext& context, PyObject* object);

 private:
  std::unique_ptr<CacheKey> scratch_key_ = std::make_unique<CacheKey>();
  ClassCache classes_;
  // Where this interpreter's code objects keep the entry of the functions that have
  // them.
  Py_ssize_t code_entry_slot_ = -1;
};

// Writes a function or class that travels by value from the cache.  False when there is
// none that fits; then what is written for it from now on may get into the cache.
bool save_from_cache(ExpansionCache& cache, stream::StreamState& state,
                     pickling::Pickler& pickler, PyObject* object);

}  // namespace cppickle::caching

#endif  // CPPICKLE_CACHING_EXPANSION_CACHE_H_
