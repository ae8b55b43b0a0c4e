#include "recording/recorder.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/emitter.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "identity/helper.h"
#include "pickling/memo.h"
#include "stream/shared.h"
#include "stream/stream_state.h"

namespace cppickle::recording {

using cpython::Ref;
using identity::Helpers;
using pickling::Pickler;
using stream::Shared;
using stream::StreamState;

using Key = Recording::Key;

namespace {

std::vector<Ref> referenced(std::span<PyObject* const> objects) {
  std::vector<Ref> references;
  references.reserve(objects.size());
  for (PyObject* object : objects) references.push_back(Ref::borrow(object));
  return references;
}

std::optional<std::size_t> place_of(const std::vector<Ref>& objects, PyObject* object) {
  auto found = std::ranges::find(objects, object, &Ref::get);
  if (found == objects.end()) return std::nullopt;
  return static_cast<std::size_t>(found - objects.begin());
}

bool is_part_of(PyObject* helper, PyObject* object) {
  auto function = reinterpret_cast<PyFunctionObject*>(helper);
  return object == helper || object == function->func_code ||
         object == function->func_defaults;
}

// What this library or the standard library keeps alive.
bool is_ours(Shared& shared, PyObject* object) {
  const Helpers& helpers = shared.tracker().helpers();
  return shared.known_global(object).module != nullptr || PyBytes_CheckExact(object) ||
         object == shared.imported().from_name || object == helpers.stand_in.get() ||
         is_part_of(helpers.unhooked.get(), object);
}

}  // namespace

Recorder::Recorder(const Snapshot& snapshot, std::size_t begin)
    : begin_(begin),
      objects_(referenced(snapshot.objects.items())),
      namespaces_(referenced(snapshot.namespaces.items())) {
  std::span<const std::uint64_t> words = snapshot.words.items();
  recording_->words.assign(words.begin(), words.end());
  recording_->texts = referenced(snapshot.texts.items());
}

std::unique_ptr<Recording> Recorder::finish(Pickler& pickler) {
  core::Emitter& emitter = pickler.emitter();
  if (!emitter.record_is_whole() || emitter.size() - begin_ > Pickler::kLongestFragment)
    return nullptr;
  recording_->bytes = emitter.written(begin_);
  // What the objects were the last to hold is let go of when this ends.
  pickler.before_foreign_code();
  StreamState& reducers = StreamState::of(pickler);
  recording_->restorable = !pickler.memo().has_aliases() &&
                           record_namespaces(reducers) && record_classes(reducers) &&
                           record_keys(pickler);
  return std::move(recording_);
}

// Requires a memo that is settled: it holds a reference of each key.
bool Recorder::record_keys(Pickler& pickler) {
  std::size_t count = pickler.memo().size();
  recording_->keys.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    bool known = false;
    PyObject* object = pickler.memo().key_at(index);
    recording_->keys.push_back(key_for(pickler, object, known));
    if (!known) return false;
  }
  return true;
}

Key Recorder::key_for(Pickler& pickler, PyObject* object, bool& known) const {
  StreamState& reducers = StreamState::of(pickler);
  Shared& shared = reducers.shared();
  known = true;
  if (object == nullptr) return {Key::Kind::kAnonymous, 0, {}};
  if (PyUnicode_CheckExact(object) && pickling::Memo::unifies(object))
    return {Key::Kind::kText, 0, Ref::borrow(object)};
  if (auto place = place_of(objects_, object)) return {Key::Kind::kObject, *place, {}};
  if (auto place = reducers.namespace_place(object))
    return {Key::Kind::kNamespace, *place, {}};
  if (is_ours(shared, object)) return {Key::Kind::kHeld, 0, Ref::borrow(object)};
  // Made for the stream: only the memo knows it.
  known = cpython::is_sole_reference(object);
  return {Key::Kind::kAnonymous, 0, {}};
}

bool Recorder::record_namespaces(StreamState& reducers) {
  Shared& shared = reducers.shared();
  const Helpers& helpers = shared.tracker().helpers();
  for (const auto& space : reducers.namespaces()) {
    if (space->module || space->is_whole) return false;
    Recording::SentNamespace sent{{}, 0, {}};
    PyObject* globals = space->globals.get();
    if (auto place = place_of(namespaces_, globals)) {
      sent.number = *place;
    } else if (globals == PyFunction_GET_GLOBALS(helpers.unhooked.get())) {
      sent.held = Ref::borrow(globals);
    } else {
      return false;
    }
    for (const Ref& name : space->names) sent.sent.push_back(Ref::borrow(name.get()));
    recording_->namespaces.push_back(std::move(sent));
  }
  return !reducers.has_imported_modules();
}

bool Recorder::record_classes(StreamState& reducers) {
  for (const auto& [dict, cls] : reducers.classes()) {
    auto place = place_of(objects_, cls.get());
    if (!place) return false;
    recording_->classes.push_back(*place);
  }
  return true;
}

void restore(const Recording& recording, const Snapshot& snapshot,
             StreamState& reducers, Pickler& pickler) {
  reducers.note_guard();
  for (std::size_t number : recording.classes)
    reducers.note_class(snapshot.objects[number]);
  for (const Recording::SentNamespace& sent : recording.namespaces) {
    PyObject* globals = sent.held ? sent.held.get() : snapshot.namespaces[sent.number];
    reducers.restore_namespace(globals, sent.sent);
  }
  pickling::Memo& memo = pickler.memo();
  memo.unify_strings();
  for (const Key& key : recording.keys) {
    switch (key.kind) {
      case Key::Kind::kAnonymous:
        memo.add_anonymous();
        break;
      case Key::Kind::kText:
        memo.add(memo.unified(key.held.get()));
        break;
      case Key::Kind::kHeld:
        memo.add(key.held.get());
        break;
      case Key::Kind::kObject:
        memo.add(snapshot.objects[key.number]);
        break;
      case Key::Kind::kNamespace:
        memo.add(reducers.namespaces()[key.number]->stand_in.get());
        break;
    }
  }
}

}  // namespace cppickle::recording
