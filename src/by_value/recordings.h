// Recordings of expansions: dumping the same function or class again is a comparison
// and a copy.
//
//   1st dump   written by the reducers
//   2nd dump   a snapshot is taken, what the reducers write is recorded with it
//   3rd dump   a snapshot is taken; it matches: the recording is written
//
// Only what stands at the very beginning of a stream without hooks is recorded, for
// there the memo is empty and all indices are the same.
#ifndef CPPICKLE_BY_VALUE_RECORDINGS_H_
#define CPPICKLE_BY_VALUE_RECORDINGS_H_

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "by_value/recording.h"
#include "by_value/snapshot.h"
#include "cpython/ref.h"

namespace cppickle::pickling {
class Pickler;
}

namespace cppickle::by_value {

class ByValue;

// What is kept of a class; lives about as long as the class does.
struct ClassSlot {
  cpython::Ref weak;
  RecordingSlot recording;
  // What the class holds that may change without it: the values of attributes,
  // borrowed, as long as the class has this version.
  unsigned version = 0;
  std::vector<PyObject*> walked;
};

// The slots of classes, and what is used again at every dump.  Requires the GIL.
class Recordings {
 public:
  Snapshot& scratch() { return *scratch_; }
  ClassSlot& slot_of_class(PyObject* cls);
  void clear();

 private:
  static constexpr std::size_t kManyClasses = 64;

  std::unique_ptr<Snapshot> scratch_ = std::make_unique<Snapshot>();
  std::unordered_map<PyObject*, ClassSlot> classes_;
  std::size_t many_ = kManyClasses;  // from here on the dead are looked for
};

// Writes a function or class that travels by value from its recording.  False when
// there is none that fits; then what is written for it from now on may get recorded.
bool save_recorded(ByValue& reducers, pickling::Pickler& pickler, PyObject* object);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_RECORDINGS_H_
