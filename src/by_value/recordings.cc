#include "by_value/recordings.h"

#include <algorithm>
#include <utility>

#include "by_value/by_value.h"
#include "by_value/recorder.h"
#include "by_value/shared.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "pickling/script.h"

namespace cppickle::by_value {

using pickling::Pickler;
using pickling::Script;

ClassSlot& Recordings::slot_of_class(PyObject* cls) {
  auto found = classes_.find(cls);
  if (found != classes_.end()) return found->second;
  if (classes_.size() >= many_) {
    std::erase_if(classes_, [](const auto& entry) {
      return !cpython::weakly_referenced(entry.second.weak.get());
    });
    many_ = std::max(kManyClasses, classes_.size() * 2);
  }
  ClassSlot& made = classes_[cls];
  made.weak = cpython::checked(PyWeakref_NewRef(cls, nullptr));
  return made;
}

void Recordings::clear() {
  scratch_->clear();
  classes_.clear();
}

namespace {

// True where the memo is empty, nobody's hooks take part, and no frame of the format
// can end in between: then the same content gives the same bytes.
bool is_beginning(ByValue& reducers, Pickler& pickler) {
  return pickler.protocol() >= 4 && pickler.memo().size() == 0 && pickler.hookless() &&
         reducers.is_fresh() && !reducers.shared().replacements().any() &&
         pickler.emitter().frame_room() >= Pickler::kLongestFragment;
}

void finish_recording(Pickler& pickler, PyObject* object) {
  ByValue& reducers = ByValue::of(pickler);
  std::unique_ptr<Recording> recording = reducers.take_recorder()->finish(pickler);
  if (RecordingSlot* slot = reducers.recording_slot(object); slot && recording)
    slot->keep(std::move(recording));
}

// From now on all that is written belongs to the object, until the frame pushed here is
// reached again.
void start_recording(ByValue& reducers, Pickler& pickler, PyObject* object) {
  reducers.start_recorder(std::make_unique<Recorder>(
      reducers.shared().recordings().scratch(), pickler.emitter().begin_record()));
  Script(pickler).call(finish_recording, object).start();
}

}  // namespace

bool save_recorded(ByValue& reducers, Pickler& pickler, PyObject* object) {
  if (!is_beginning(reducers, pickler)) return false;
  RecordingSlot* slot = reducers.recording_slot(object);
  if (slot == nullptr || !slot->is_due()) return false;
  Snapshot& snapshot = reducers.shared().recordings().scratch();
  bool told = take_snapshot(snapshot, reducers, pickler, object);
  const Recording* recording = slot->recording();
  if (told && recording != nullptr &&
      snapshot.matches(recording->words, recording->texts)) {
    bool last = pickler.nothing_follows();
    if (last || recording->restorable) {
      slot->matched();
      pickler.emitter().begin_record();
      pickler.emit_fragment(recording->bytes);
      if (!last) restore(*recording, snapshot, reducers, pickler);
      return true;
    }
  } else {
    slot->missed();
    if (told) start_recording(reducers, pickler, object);
  }
  return false;
}

}  // namespace cppickle::by_value
