// Identities that are known already: to compare a cache key is cheaper than to make a
// digest.
#ifndef CPPICKLE_CACHING_IDENTITY_LOOKUP_H_
#define CPPICKLE_CACHING_IDENTITY_LOOKUP_H_

#include <cstdint>
#include <vector>

#include "caching/class_cache.h"
#include "caching/expansion_cache.h"
#include "caching/read_check.h"
#include "cpython/ref.h"
#include "identity/tracker.h"

namespace cppickle::pickling {
class Pickler;
}

namespace cppickle::stream {
class StreamState;
}

namespace cppickle::caching {

// One look for the identities of a class and of those that it reaches.  Runs no foreign
// code.  A class is looked up from its second dump on, and more seldom when it keeps
// changing.
class IdentityLookup {
 public:
  struct Found {
    cpython::Ref object;
    identity::Identity identity;
  };

  IdentityLookup(ExpansionCache& cache, stream::StreamState& state,
                 pickling::Pickler& pickler, PyObject* cls);

  // What is known as long as the class is as it is: then there is nothing to keep.
  // Empty when it is not known.
  std::vector<Found>& found() { return found_; }
  // True when nothing was found, and what is found out now is worth keeping.
  bool wants_identities() const { return !words_.empty(); }
  // Keeps what has been found out since, unless one of the objects was not seen by the
  // look-up.
  void keep(const std::vector<Found>& identities);

 private:
  ExpansionCache& cache_;
  [[no_unique_address]] ReadCheck check_;
  PyObject* cls_;
  std::vector<Found> found_;
  // The cache key of a look-up that found nothing, with its objects.
  std::vector<std::uint64_t> words_;
  std::vector<cpython::Ref> texts_;
  std::vector<cpython::Ref> objects_;
};

}  // namespace cppickle::caching

#endif  // CPPICKLE_CACHING_IDENTITY_LOOKUP_H_
