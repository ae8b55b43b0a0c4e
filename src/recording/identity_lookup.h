// Identities that are known already: a snapshot that matches is cheaper than a digest.
#ifndef CPPICKLE_RECORDING_IDENTITY_LOOKUP_H_
#define CPPICKLE_RECORDING_IDENTITY_LOOKUP_H_

#include <cstdint>
#include <vector>

#include "cpython/ref.h"
#include "identity/tracker.h"
#include "recording/class_slots.h"
#include "recording/read_check.h"
#include "recording/recordings.h"

namespace cppickle::pickling {
class Pickler;
}

namespace cppickle::stream {
class StreamState;
}

namespace cppickle::recording {

// One look for the identities of a class and of those that it reaches.  Runs no foreign
// code.  A class is looked up from its second dump on, and more seldom when it keeps
// changing.
class IdentityLookup {
 public:
  struct Found {
    cpython::Ref object;
    identity::Identity identity;
  };

  IdentityLookup(Recordings& recordings, stream::StreamState& reducers,
                 pickling::Pickler& pickler, PyObject* cls);

  // What is known as long as the class is as it is: then there is nothing to keep.
  // Empty when it is not known.
  std::vector<Found>& found() { return found_; }
  // True when it was looked up in vain, and is worth keeping.
  bool wants_identities() const { return !words_.empty(); }
  // Keeps what has been found out since, unless one of the objects was not seen by the
  // look-up.
  void keep(const std::vector<Found>& identities);

 private:
  Recordings& recordings_;
  [[no_unique_address]] ReadCheck check_;
  PyObject* cls_;
  std::vector<Found> found_;
  // The snapshot of a look-up in vain, with its objects.
  std::vector<std::uint64_t> words_;
  std::vector<cpython::Ref> texts_;
  std::vector<cpython::Ref> objects_;
};

}  // namespace cppickle::recording

#endif  // CPPICKLE_RECORDING_IDENTITY_LOOKUP_H_
