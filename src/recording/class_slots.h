// What recordings keep of each class.
#ifndef CPPICKLE_RECORDING_CLASS_SLOTS_H_
#define CPPICKLE_RECORDING_CLASS_SLOTS_H_

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "cpython/ref.h"
#include "recording/recording.h"

namespace cppickle::recording {

// What is kept of a class; lives about as long as the class does.
struct ClassSlot {
  cpython::Ref weak;
  RecordingSlot recording;
  // What the class holds that may change without it: the values of attributes,
  // borrowed, as long as the class has this version.
  unsigned version = 0;
  std::vector<PyObject*> walked;
};

// The slots of classes, found by address.  Requires the GIL.
class ClassSlots {
 public:
  // Made on the first call.  Valid until the next one.
  ClassSlot& of(PyObject* cls);
  void clear() { slots_.clear(); }

 private:
  static constexpr std::size_t kManyClasses = 64;

  std::unordered_map<PyObject*, ClassSlot> slots_;
  std::size_t many_ = kManyClasses;  // from here on the dead are looked for
};

}  // namespace cppickle::recording

#endif  // CPPICKLE_RECORDING_CLASS_SLOTS_H_
