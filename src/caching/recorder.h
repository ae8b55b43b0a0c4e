// Records what is being written as a cached expansion, and restores what one leaves
// behind in the memo.
#ifndef CPPICKLE_CACHING_RECORDER_H_
#define CPPICKLE_CACHING_RECORDER_H_

#include <memory>
#include <vector>

#include "caching/cache_key.h"
#include "caching/cached_expansion.h"
#include "cpython/ref.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"

namespace cppickle::stream {
class StreamState;
}

namespace cppickle::caching {

// Lives while an expansion is being written.  Holds its objects, so that the memo's
// keys can be recognised.
// REQUIRES: the cache key has been built just now, and no foreign code has run since.
class Recorder {
 public:
  // `begin`: where in the emitter's memory the expansion begins; `first_key`: how many
  // keys the memo has then.
  Recorder(const CacheKey& cache_key, std::size_t begin, std::size_t first_key);

  // To be called once, when the expansion is written.  Null when it cannot be used
  // again.
  std::unique_ptr<CachedExpansion> finish(pickling::Pickler& pickler);

 private:
  bool record_gets();
  bool record_keys(pickling::Pickler& pickler);
  bool record_namespaces(stream::StreamState& state);
  bool record_classes(stream::StreamState& state);
  CachedExpansion::MemoKey key_for(pickling::Pickler& pickler, PyObject* object,
                                   bool& known) const;

  std::unique_ptr<CachedExpansion> expansion_ = std::make_unique<CachedExpansion>();
  std::size_t begin_;
  std::size_t first_key_;
  std::vector<cpython::Ref> objects_;
  std::vector<cpython::Ref> namespaces_;
};

// True when nothing in the memo is met in the recording too: then a stream with those
// keys gets the same opcodes, but for the indices.
bool is_disjoint(const CachedExpansion& expansion, const CacheKey& cache_key,
                 const pickling::Memo& memo);

// Leaves the memo and the reducers as they were when the expansion was recorded.
// REQUIRES: the reducers are fresh, the memo is disjoint, and `cache_key` matches.
void restore(const CachedExpansion& expansion, const CacheKey& cache_key,
             stream::StreamState& state, pickling::Pickler& pickler);

}  // namespace cppickle::caching

#endif  // CPPICKLE_CACHING_RECORDER_H_
