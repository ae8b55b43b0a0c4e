// Makes a recording of what is being written, and restores what one leaves behind.
#ifndef CPPICKLE_RECORDING_RECORDER_H_
#define CPPICKLE_RECORDING_RECORDER_H_

#include <memory>
#include <vector>

#include "cpython/ref.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"
#include "recording/recording.h"
#include "recording/snapshot.h"

namespace cppickle::stream {
class StreamState;
}

namespace cppickle::recording {

// Lives while an expansion is being written.  Holds its objects, so that the memo's
// keys can be told.
class Recorder {
 public:
  // `begin`: where in the emitter's memory the expansion begins; `first_key`: how many
  // keys the memo has then.
  Recorder(const Snapshot& snapshot, std::size_t begin, std::size_t first_key);

  // To be called once, when the expansion is written.  Null when it cannot be used
  // again.
  std::unique_ptr<Recording> finish(pickling::Pickler& pickler);

 private:
  bool record_gets();
  bool record_keys(pickling::Pickler& pickler);
  bool record_namespaces(stream::StreamState& reducers);
  bool record_classes(stream::StreamState& reducers);
  Recording::Key key_for(pickling::Pickler& pickler, PyObject* object,
                         bool& known) const;

  std::unique_ptr<Recording> recording_ = std::make_unique<Recording>();
  std::size_t begin_;
  std::size_t first_key_;
  std::vector<cpython::Ref> objects_;
  std::vector<cpython::Ref> namespaces_;
};

// True when nothing in the memo is met in the recording too: then a stream with those
// keys gets the same opcodes, but for the indices.
bool is_disjoint(const Recording& recording, const Snapshot& snapshot,
                 const pickling::Memo& memo);

// Leaves the memo and the reducers as they were when the recording was made.  Requires:
// the reducers are fresh, the memo is disjoint, and `snapshot` matches.
void restore(const Recording& recording, const Snapshot& snapshot,
             stream::StreamState& reducers, pickling::Pickler& pickler);

}  // namespace cppickle::recording

#endif  // CPPICKLE_RECORDING_RECORDER_H_
