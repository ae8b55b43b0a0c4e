#include "recording/identity_lookup.h"

#include <memory>
#include <span>
#include <unordered_map>
#include <utility>

#include "pickling/pickler.h"
#include "recording/snapshot.h"
#include "recording/snapshot_walk.h"
#include "stream/shared.h"
#include "stream/stream_state.h"

namespace cppickle::recording {

using cpython::Ref;
using pickling::Pickler;
using stream::StreamState;

namespace {

std::vector<Ref> referenced(std::span<PyObject* const> objects) {
  std::vector<Ref> references;
  references.reserve(objects.size());
  for (PyObject* object : objects) references.push_back(Ref::borrow(object));
  return references;
}

}  // namespace

IdentityLookup::IdentityLookup(Recordings& recordings, StreamState& reducers,
                               Pickler& pickler, PyObject* cls)
    : recordings_(recordings), cls_(cls) {
  if (!PyType_Check(cls) || !pickler.hookless() ||
      reducers.shared().replacements().any())
    return;
  ClassSlot& slot = recordings.classes().of(cls);
  if (!slot.identities_backoff.is_due()) return;
  Snapshot& snapshot = recordings.scratch();
  check_.begin_walk(reducers.shared());
  bool complete = take_snapshot(snapshot, recordings.classes(), reducers, pickler, cls);
  check_.end_walk();
  const KnownIdentities* known = slot.identities.get();
  if (complete && known != nullptr && snapshot.matches(known->words, known->texts)) {
    slot.identities_backoff.matched();
    for (const KnownIdentities::Entry& entry : known->entries) {
      found_.push_back(
          {Ref::borrow(snapshot.objects[entry.number]), entry.identity.copy()});
    }
    return;
  }
  slot.identities_backoff.missed();
  if (!complete) return;
  words_.assign(snapshot.words.items().begin(), snapshot.words.items().end());
  texts_ = referenced(snapshot.texts.items());
  objects_ = referenced(snapshot.objects.items());
  check_.begin_reducers();
}

void IdentityLookup::keep(const std::vector<Found>& identities) {
  check_.end_reducers(cls_);
  std::unordered_map<PyObject*, std::size_t> numbers;
  for (std::size_t i = 0; i < objects_.size(); ++i)
    numbers.emplace(objects_[i].get(), i);
  auto known = std::make_unique<KnownIdentities>();
  for (const Found& found : identities) {
    auto number = numbers.find(found.object.get());
    if (number == numbers.end()) return;
    known->entries.push_back({number->second, found.identity.copy()});
  }
  known->words = std::move(words_);
  known->texts = std::move(texts_);
  recordings_.classes().of(cls_).identities = std::move(known);
}

}  // namespace cppickle::recording
