#include "caching/recorder.h"

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
#include "identity/runtime_helper.h"
#include "pickling/memo.h"
#include "pickling/string_pool.h"
#include "stream/by_value_context.h"
#include "stream/stream_state.h"

namespace cppickle::caching {

using core::Opcode;
using cpython::Ref;
using identity::RuntimeHelper;
using pickling::Pickler;
using stream::ByValueContext;
using stream::StreamState;

using MemoKey = CachedExpansion::MemoKey;

namespace {

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
bool is_ours(ByValueContext& context, PyObject* object) {
  const RuntimeHelper& helper = context.tracker().helper();
  return context.known_global(object).module != nullptr || PyBytes_CheckExact(object) ||
         object == context.imported().from_name || object == helper.memo_key.get() ||
         is_part_of(helper.without_init_subclass.get(), object);
}

}  // namespace

Recorder::Recorder(const CacheKey& cache_key, std::size_t begin, std::size_t first_key)
    : begin_(begin),
      first_key_(first_key),
      objects_(referenced(cache_key.objects.items())),
      namespaces_(referenced(cache_key.namespaces.items())) {
  std::span<const std::uint64_t> words = cache_key.words.items();
  expansion_->words.assign(words.begin(), words.end());
  expansion_->texts = referenced(cache_key.texts.items());
}

std::unique_ptr<CachedExpansion> Recorder::finish(Pickler& pickler) {
  core::Emitter& emitter = pickler.emitter();
  // A frame of the format has ended in it: the bytes are not in one piece, and would
  // not be the same elsewhere.
  if (!emitter.record_is_whole() || emitter.size() - begin_ > Pickler::kLongestFragment)
    return nullptr;
  expansion_->bytes = emitter.written(begin_);
  // What the objects were the last to hold is let go of when this ends.
  pickler.before_foreign_code();
  StreamState& state = StreamState::of(pickler);
  // Aliases are not kept: a stream with them is copied only where nothing follows.
  expansion_->restorable = !pickler.memo().has_aliases() && record_namespaces(state) &&
                           record_classes(state) && record_keys(pickler);
  expansion_->imports = state.imported_modules();
  if (!record_gets()) return nullptr;
  return std::move(expansion_);
}

// Makes the opcodes those of a stream with an empty memo.  False when they refer to
// what came before.
bool Recorder::record_gets() {
  core::Cursor cursor(expansion_->bytes);
  core::Item item;
  expansion_->relocatable = true;
  while (cursor.position() < expansion_->bytes.size()) {
    if (cursor.next(item) != core::Fault::kNone) return false;
    if (item.opcode == Opcode::LONG_BINGET) expansion_->relocatable = false;
    if (item.opcode != Opcode::BINGET) continue;
    auto index = static_cast<std::size_t>(item.integer);
    if (index < first_key_) return false;
    std::size_t place = item.position + 1;
    expansion_->bytes[place] = static_cast<char>(index - first_key_);
    expansion_->gets.push_back(static_cast<std::uint32_t>(place));
  }
  return expansion_->relocatable || first_key_ == 0;
}

// REQUIRES: a memo that owns its keys: it holds a reference of each key.
bool Recorder::record_keys(Pickler& pickler) {
  std::size_t count = pickler.memo().size();
  auto strings = std::make_shared<pickling::StringPool>();
  pickler.memo().strings_of_code().for_each(
      [&](const pickling::StringPool::Pooled& entry) {
        strings->add(entry.text, entry.index - first_key_);
      });
  expansion_->keys.reserve(count - first_key_);
  for (std::size_t index = first_key_; index < count; ++index) {
    bool known = false;
    PyObject* object = pickler.memo().key_at(index);
    expansion_->keys.push_back(key_for(pickler, object, known));
    if (!known) return false;
  }
  expansion_->strings = std::move(strings);
  return true;
}

MemoKey Recorder::key_for(Pickler& pickler, PyObject* object, bool& known) const {
  StreamState& state = StreamState::of(pickler);
  ByValueContext& context = state.context();
  known = true;
  if (object == nullptr) return {MemoKey::Kind::kAnonymous, 0, {}};
  if (auto place = place_of(objects_, object))
    return {MemoKey::Kind::kObject, *place, {}};
  if (auto place = state.namespace_place(object))
    return {MemoKey::Kind::kNamespace, *place, {}};
  if (is_ours(context, object)) return {MemoKey::Kind::kHeld, 0, Ref::borrow(object)};
  bool made_for_stream = cpython::is_sole_reference(object);  // only the memo knows it
  known = made_for_stream || PyUnicode_CheckExact(object);
  if (made_for_stream || !known) return {MemoKey::Kind::kAnonymous, 0, {}};
  // A name that a class or plan keeps.
  return {MemoKey::Kind::kHeld, 0, Ref::borrow(object)};
}

bool Recorder::record_namespaces(StreamState& state) {
  ByValueContext& context = state.context();
  const RuntimeHelper& helper = context.tracker().helper();
  for (const auto& space : state.namespaces()) {
    if (space->module || space->is_whole) return false;
    CachedExpansion::SentNamespace sent{{}, 0, {}};
    PyObject* globals = space->globals.get();
    if (auto place = place_of(namespaces_, globals)) {
      sent.number = *place;
    } else if (globals == PyFunction_GET_GLOBALS(helper.without_init_subclass.get())) {
      sent.held = Ref::borrow(globals);
    } else {
      return false;
    }
    for (const Ref& name : space->names) sent.sent.push_back(Ref::borrow(name.get()));
    expansion_->namespaces.push_back(std::move(sent));
  }
  return true;
}

bool Recorder::record_classes(StreamState& state) {
  for (const auto& [dict, cls] : state.classes()) {
    auto place = place_of(objects_, cls.get());
    if (!place) return false;
    expansion_->classes.push_back(*place);
  }
  return true;
}

bool is_disjoint(const CachedExpansion& expansion, const CacheKey& cache_key,
                 const pickling::Memo& memo) {
  for (std::size_t index = 0; index < memo.size(); ++index) {
    PyObject* key = memo.key_at(index);
    if (key == nullptr) continue;
    if (cache_key.has(key)) return false;
    for (const MemoKey& other : expansion.keys) {
      if (other.kind == MemoKey::Kind::kHeld && other.held.get() == key) return false;
    }
  }
  return true;
}

void restore(const CachedExpansion& expansion, const CacheKey& cache_key,
             StreamState& state, Pickler& pickler) {
  state.note_guard();
  for (std::size_t number : expansion.classes)
    state.note_class(cache_key.objects[number]);
  for (const CachedExpansion::SentNamespace& sent : expansion.namespaces) {
    PyObject* globals = sent.held ? sent.held.get() : cache_key.namespaces[sent.number];
    state.restore_namespace(globals, sent.sent);
  }
  for (const Ref& name : expansion.imports) state.imports_first_time(name.get());
  pickling::Memo& memo = pickler.memo();
  memo.add_strings_of_code(expansion.strings, memo.size());
  for (const MemoKey& key : expansion.keys) {
    switch (key.kind) {
      case MemoKey::Kind::kAnonymous:
        memo.add_anonymous();
        break;
      case MemoKey::Kind::kHeld:
        memo.add(key.held.get());
        break;
      case MemoKey::Kind::kObject:
        memo.add(cache_key.objects[key.number]);
        break;
      case MemoKey::Kind::kNamespace:
        memo.add(state.namespaces()[key.number]->memo_key.get());
        break;
    }
  }
}

}  // namespace cppickle::caching
