#include "recording/recorder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "core/cursor.h"
#include "core/emitter.h"
#include "core/fault.h"
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "identity/helper.h"
#include "pickling/memo.h"
#include "pickling/string_pool.h"
#include "stream/shared.h"
#include "stream/stream_state.h"

namespace cppickle::recording {

using core::Opcode;
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

Recorder::Recorder(const Snapshot& snapshot, std::size_t begin, std::size_t first_key)
    : begin_(begin),
      first_key_(first_key),
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
  if (!record_gets()) return nullptr;
  return std::move(recording_);
}

// Makes the opcodes those of a stream with an empty memo.  False when they refer to what
// came before.
bool Recorder::record_gets() {
  core::Cursor cursor(recording_->bytes);
  core::Item item;
  recording_->relocatable = true;
  while (cursor.position() < recording_->bytes.size()) {
    if (cursor.next(item) != core::Fault::kNone) return false;
    if (item.opcode == Opcode::LONG_BINGET) recording_->relocatable = false;
    if (item.opcode != Opcode::BINGET) continue;
    auto index = static_cast<std::size_t>(item.integer);
    if (index < first_key_) return false;
    std::size_t place = item.position + 1;
    recording_->bytes[place] = static_cast<char>(index - first_key_);
    recording_->gets.push_back(static_cast<std::uint32_t>(place));
  }
  return recording_->relocatable || first_key_ == 0;
}

// Requires a memo that is settled: it holds a reference of each key.
bool Recorder::record_keys(Pickler& pickler) {
  std::size_t count = pickler.memo().size();
  auto strings = std::make_shared<pickling::StringPool>();
  recording_->keys.reserve(count - first_key_);
  for (std::size_t index = first_key_; index < count; ++index) {
    bool known = false;
    PyObject* object = pickler.memo().key_at(index);
    recording_->keys.push_back(key_for(pickler, object, known));
    if (!known) return false;
    if (recording_->keys.back().kind == Key::Kind::kText) strings->unified(object);
  }
  recording_->strings = std::move(strings);
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

bool is_disjoint(const Recording& recording, const Snapshot& snapshot,
                 const pickling::Memo& memo) {
  for (std::size_t index = 0; index < memo.size(); ++index) {
    PyObject* key = memo.key_at(index);
    if (key == nullptr) continue;
    if (PyUnicode_CheckExact(key) && pickling::Memo::unifies(key)) {
      if (recording.strings->find(key) != nullptr) return false;
    } else if (snapshot.has(key)) {
      return false;
    }
    for (const Key& other : recording.keys) {
      if (other.kind == Key::Kind::kHeld && other.held.get() == key) return false;
    }
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
  memo.unify_strings_with(recording.strings);
  for (const Key& key : recording.keys) {
    switch (key.kind) {
      case Key::Kind::kAnonymous:
        memo.add_anonymous();
        break;
      case Key::Kind::kText:
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
