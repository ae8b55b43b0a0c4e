// Recordings of expansions: dumping the same function or class again is a comparison
// and a copy.
//
//   1st dump   written by the reducers
//   2nd dump   a snapshot is taken, what the reducers write is recorded with it
//   3rd dump   a snapshot is taken; it matches: the recording is written
//
// Only what stands at the very beginning of a stream without hooks is recorded, for
// there the memo is empty and all indices are the same.
#ifndef CPPICKLE_RECORDING_RECORDINGS_H_
#define CPPICKLE_RECORDING_RECORDINGS_H_

#include <memory>

#include "cpython/ref.h"
#include "recording/class_slots.h"
#include "recording/recording.h"
#include "recording/snapshot.h"

namespace cppickle::pickling {
class Pickler;
}

namespace cppickle::stream {
class Shared;
class StreamState;
}  // namespace cppickle::stream

namespace cppickle::recording {

// What is kept of classes and code objects, and what is used again at every dump. Owned
// by the module's state.  Requires the GIL.
class Recordings {
 public:
  void load();
  void clear();

  Snapshot& scratch() { return *scratch_; }
  ClassSlots& classes() { return classes_; }
  // The slot of a function or class; null for a function whose code is not known yet.
  RecordingSlot* slot_of(const stream::Shared& shared, PyObject* object);

 private:
  std::unique_ptr<Snapshot> scratch_ = std::make_unique<Snapshot>();
  ClassSlots classes_;
  // Where this interpreter's code objects keep the slot of the functions that have
  // them.
  Py_ssize_t code_slot_ = -1;
};

// Writes a function or class that travels by value from its recording.  False when
// there is none that fits; then what is written for it from now on may get recorded.
bool save_recorded(Recordings& recordings, stream::StreamState& reducers,
                   pickling::Pickler& pickler, PyObject* object);

}  // namespace cppickle::recording

#endif  // CPPICKLE_RECORDING_RECORDINGS_H_
