#include "caching/expansion_cache.h"

#include <memory>
#include <utility>

#include "caching/cache_key_builder.h"
#include "caching/read_check.h"
#include "caching/recorder.h"
#include "cpython/borrow_scope.h"
#include "cpython/code.h"
#include "cpython/error.h"
#include "pickling/pickler.h"
#include "pickling/script.h"
#include "stream/by_value_context.h"
#include "stream/stream_state.h"

namespace cppickle::caching {

using pickling::Pickler;
using pickling::Script;
using stream::ByValueContext;
using stream::RecordingInProgress;
using stream::StreamState;

namespace {

void release(void* entry) { delete static_cast<CacheEntry*>(entry); }

}  // namespace

void ExpansionCache::load() { code_entry_slot_ = cpython::request_code_extra(release); }

void ExpansionCache::clear() {
  scratch_key_->clear();
  classes_.clear();
}

CacheEntry* ExpansionCache::entry_of(const ByValueContext& context, PyObject* object) {
  if (!PyFunction_Check(object)) return &classes_.of(object).expansion;
  PyObject* code = PyFunction_GET_CODE(object);
  // Most functions are dumped once: they cost no entry.
  if (context.cached_code_info(code) == nullptr) return nullptr;
  if (void* known = cpython::code_extra(code, code_entry_slot_)) [[likely]]
    return static_cast<CacheEntry*>(known);
  auto made = std::make_unique<CacheEntry>();
  cpython::set_code_extra(code, code_entry_slot_, made.get());
  return made.release();
}

namespace {

constexpr std::size_t kFewKeys = 16;  // are looked at one by one

// True where the memo has few keys, nobody's hooks take part, nobody is told what is
// named, and no frame of the format can end in between: then the same content gives the
// same bytes, but for indices.
bool is_beginning(StreamState& state, Pickler& pickler) {
  return pickler.protocol() >= 4 && pickler.memo().size() <= kFewKeys &&
         pickler.hookless() && pickler.hooks().observer == nullptr &&
         state.is_fresh() && !pickler.memo().has_code() &&
         !state.context().overrides().any() &&
         pickler.emitter().frame_room() >= Pickler::kLongestFragment;
}

// What the stream's state holds meanwhile.
struct StartedRecording final : RecordingInProgress {
  StartedRecording(ExpansionCache& owner, std::size_t begin, std::size_t first_key,
                   ReadCheck reads)
      : cache(owner),
        recorder(owner.scratch_key(), begin, first_key),
        check(std::move(reads)) {
    check.begin_reducers();
  }

  ExpansionCache& cache;
  Recorder recorder;
  [[no_unique_address]] ReadCheck check;
};

void finish_recording(Pickler& pickler, PyObject* object) {
  StreamState& state = StreamState::of(pickler);
  std::unique_ptr<RecordingInProgress> ended = state.end_recording();
  auto& started = static_cast<StartedRecording&>(*ended);
  started.check.end_reducers(object);
  std::unique_ptr<CachedExpansion> expansion = started.recorder.finish(pickler);
  CacheEntry* entry = started.cache.entry_of(state.context(), object);
  if (entry && expansion) entry->keep(std::move(expansion));
}

// From now on all that is written belongs to the object, until the frame pushed here is
// reached again.
void start_recording(ExpansionCache& cache, StreamState& state, Pickler& pickler,
                     PyObject* object, ReadCheck check) {
  state.begin_recording(
      std::make_unique<StartedRecording>(cache, pickler.emitter().begin_record(),
                                         pickler.memo().size(), std::move(check)));
  Script(pickler).call(finish_recording, object).start();
}

}  // namespace

namespace {

// Writes a recording that matches; false where the memo, or what may follow, forbids
// it.
bool replay(const CachedExpansion& expansion, const CacheKey& cache_key,
            StreamState& state, Pickler& pickler) {
  std::size_t first = pickler.memo().size();
  bool last = first == 0 && pickler.nothing_follows();
  if (!last && !expansion.restorable) return false;
  constexpr std::size_t kShortIndices = 256;
  if (first != 0 &&
      (!expansion.relocatable || first + expansion.keys.size() > kShortIndices ||
       !is_disjoint(expansion, cache_key, pickler.memo())))
    return false;
  pickler.emitter().begin_record();
  pickler.emitter().relocated_fragment(expansion.bytes, expansion.gets, first);
  if (!last) restore(expansion, cache_key, state, pickler);
  return true;
}

}  // namespace

bool save_from_cache(ExpansionCache& cache, StreamState& state, Pickler& pickler,
                     PyObject* object) {
  if (!is_beginning(state, pickler)) return false;
  CacheEntry* entry = cache.entry_of(state.context(), object);
  if (entry == nullptr || !entry->backoff.should_probe()) return false;
  cpython::BorrowScope borrows;
  CacheKey& cache_key = cache.scratch_key();
  ReadCheck check;
  check.begin_walk(state.context());
  bool complete = build_cache_key(cache_key, cache.classes(), state, pickler, object);
  check.end_walk();
  const CachedExpansion* expansion = entry->expansion();
  if (complete && expansion != nullptr &&
      cache_key.matches(expansion->words, expansion->texts)) {
    entry->backoff.hit();
    return replay(*expansion, cache_key, state, pickler);
  }
  entry->backoff.miss();
  if (complete) start_recording(cache, state, pickler, object, std::move(check));
  return false;
}

}  // namespace cppickle::caching
