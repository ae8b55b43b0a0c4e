#include "recording/recordings.h"

#include <memory>
#include <utility>

#include "cpython/code.h"
#include "cpython/error.h"
#include "pickling/pickler.h"
#include "pickling/script.h"
#include "recording/read_check.h"
#include "recording/recorder.h"
#include "recording/snapshot_walk.h"
#include "stream/shared.h"
#include "stream/stream_state.h"

namespace cppickle::recording {

using pickling::Pickler;
using pickling::Script;
using stream::InProgress;
using stream::Shared;
using stream::StreamState;

namespace {

void release(void* slot) { delete static_cast<RecordingSlot*>(slot); }

}  // namespace

void Recordings::load() { code_slot_ = cpython::request_code_extra(release); }

void Recordings::clear() {
  scratch_->clear();
  classes_.clear();
}

RecordingSlot* Recordings::slot_of(const Shared& shared, PyObject* object) {
  if (!PyFunction_Check(object)) return &classes_.of(object).recording;
  PyObject* code = PyFunction_GET_CODE(object);
  if (shared.known_code_info(code) == nullptr) return nullptr;
  if (void* known = cpython::code_extra(code, code_slot_)) [[likely]]
    return static_cast<RecordingSlot*>(known);
  auto made = std::make_unique<RecordingSlot>();
  cpython::set_code_extra(code, code_slot_, made.get());
  return made.release();
}

namespace {

constexpr std::size_t kFewKeys = 16;  // are looked at one by one

// True where the memo has few keys, nobody's hooks take part, and no frame of the format
// can end in between: then the same content gives the same bytes, but for indices.
bool is_beginning(StreamState& reducers, Pickler& pickler) {
  return pickler.protocol() >= 4 && pickler.memo().size() <= kFewKeys &&
         pickler.hookless() &&
         reducers.is_fresh() && !reducers.shared().replacements().any() &&
         pickler.emitter().frame_room() >= Pickler::kLongestFragment;
}

// What the stream's state holds meanwhile.
struct Started final : InProgress {
  Started(Recordings& owner, std::size_t begin, std::size_t first_key, ReadCheck reads)
      : recordings(owner),
        recorder(owner.scratch(), begin, first_key),
        check(std::move(reads)) {
    check.begin_reducers();
  }

  Recordings& recordings;
  Recorder recorder;
  [[no_unique_address]] ReadCheck check;
};

void finish_recording(Pickler& pickler, PyObject* object) {
  StreamState& reducers = StreamState::of(pickler);
  std::unique_ptr<InProgress> ended = reducers.end_recording();
  auto& started = static_cast<Started&>(*ended);
  started.check.end_reducers(object);
  std::unique_ptr<Recording> recording = started.recorder.finish(pickler);
  RecordingSlot* slot = started.recordings.slot_of(reducers.shared(), object);
  if (slot && recording) slot->keep(std::move(recording));
}

// From now on all that is written belongs to the object, until the frame pushed here is
// reached again.
void start_recording(Recordings& recordings, StreamState& reducers, Pickler& pickler,
                     PyObject* object, ReadCheck check) {
  reducers.begin_recording(
      std::make_unique<Started>(recordings, pickler.emitter().begin_record(),
                                pickler.memo().size(), std::move(check)));
  Script(pickler).call(finish_recording, object).start();
}

}  // namespace

namespace {

// Writes a recording that matches; false where the memo, or what may follow, forbids it.
bool replay(const Recording& recording, const Snapshot& snapshot, StreamState& reducers,
            Pickler& pickler) {
  std::size_t first = pickler.memo().size();
  bool last = first == 0 && pickler.nothing_follows();
  if (!last && !recording.restorable) return false;
  constexpr std::size_t kShortIndices = 256;
  if (first != 0 &&
      (!recording.relocatable || first + recording.keys.size() > kShortIndices ||
       !is_disjoint(recording, snapshot, pickler.memo())))
    return false;
  pickler.emitter().begin_record();
  pickler.emitter().relocated_fragment(recording.bytes, recording.gets, first);
  if (!last) restore(recording, snapshot, reducers, pickler);
  return true;
}

}  // namespace

bool save_recorded(Recordings& recordings, StreamState& reducers, Pickler& pickler,
                   PyObject* object) {
  if (!is_beginning(reducers, pickler)) return false;
  RecordingSlot* slot = recordings.slot_of(reducers.shared(), object);
  if (slot == nullptr || !slot->backoff.is_due()) return false;
  Snapshot& snapshot = recordings.scratch();
  ReadCheck check;
  check.begin_walk(reducers.shared());
  bool told = take_snapshot(snapshot, recordings.classes(), reducers, pickler, object);
  check.end_walk();
  const Recording* recording = slot->recording();
  if (told && recording != nullptr &&
      snapshot.matches(recording->words, recording->texts)) {
    slot->backoff.matched();
    return replay(*recording, snapshot, reducers, pickler);
  }
  slot->backoff.missed();
  if (told) start_recording(recordings, reducers, pickler, object, std::move(check));
  return false;
}

}  // namespace cppickle::recording
