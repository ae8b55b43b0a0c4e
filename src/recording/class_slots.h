// What recordings keep of each class.
#ifndef CPPICKLE_RECORDING_CLASS_SLOTS_H_
#define CPPICKLE_RECORDING_CLASS_SLOTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "cpython/ref.h"
#include "identity/tracker.h"
#include "recording/recording.h"

namespace cppickle::recording {

// The identities of a class and of those that it reaches, and the snapshot for which
// they hold.
struct KnownIdentities {
  struct Entry {
    std::size_t number;  // of the class in the snapshot's objects
    identity::Identity identity;
  };

  std::vector<std::uint64_t> words;
  std::vector<cpython::Ref> texts;
  std::vector<Entry> entries;
};

// What is kept of a class; lives about as long as the class does.
struct ClassSlot {
  cpython::Ref weak;
  RecordingSlot recording;
  std::unique_ptr<KnownIdentities> identities;
  Backoff identities_backoff;
  // What the class holds that may change without it: the values of attributes,
  // borrowed, as long as the class has this version.
  std::uint64_t version = 0;
  std::vector<PyObject*> walked;
};

// The slots of classes, found by address.  Requires the GIL.
class ClassSlots {
 public:
  // Made on the first call, and anew for a class at the address of a dead one.  Valid
  // as long as the class lives.
  ClassSlot& of(PyObject* cls);
  void clear() { slots_.clear(); }

 private:
  static constexpr std::size_t kManyClasses = 64;

  std::unordered_map<PyObject*, ClassSlot> slots_;
  std::size_t many_ = kManyClasses;  // from here on the dead are looked for
};

}  // namespace cppickle::recording

#endif  // CPPICKLE_RECORDING_CLASS_SLOTS_H_
