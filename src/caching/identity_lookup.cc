#include "caching/identity_lookup.h"

#include <memory>
#include <unordered_map>
#include <utility>

#include "caching/cache_key.h"
#include "caching/cache_key_builder.h"
#include "cpython/borrow_scope.h"
#include "pickling/pickler.h"
#include "stream/by_value_context.h"
#include "stream/stream_state.h"

namespace cppickle::caching {

using cpython::Ref;
using pickling::Pickler;
using stream::StreamState;

IdentityLookup::IdentityLookup(ExpansionCache& cache, StreamState& state,
                               Pickler& pickler, PyObject* cls)
    : cache_(cache), cls_(cls) {
  // Older protocols reduce instances in another way, which the walk does not read.
  if (!PyType_Check(cls) || !pickler.hookless() || pickler.protocol() < 2 ||
      state.context().overrides().any())
    return;
  ClassCacheEntry& class_entry = cache.classes().of(cls);
  if (!class_entry.identities_backoff.should_probe()) return;
  cpython::BorrowScope borrows;
  CacheKey& cache_key = cache.scratch_key();
  check_.begin_walk(state.context());
  bool complete = build_cache_key(cache_key, cache.classes(), state, pickler, cls);
  check_.end_walk();
  const CachedIdentities* known = class_entry.identities.get();
  if (complete && known != nullptr && cache_key.matches(known->words, known->texts)) {
    class_entry.identities_backoff.hit();
    for (const CachedIdentities::Entry& entry : known->entries) {
      found_.push_back(
          {Ref::borrow(cache_key.objects[entry.number]), entry.identity.copy()});
    }
    return;
  }
  class_entry.identities_backoff.miss();
  if (!complete) return;
  words_.assign(cache_key.words.items().begin(), cache_key.words.items().end());
  texts_ = referenced(cache_key.texts.items());
  objects_ = referenced(cache_key.objects.items());
  check_.begin_reducers();
}

void IdentityLookup::keep(const std::vector<Found>& identities) {
  check_.end_reducers(cls_);
  std::unordered_map<PyObject*, std::size_t> numbers;
  for (std::size_t i = 0; i < objects_.size(); ++i)
    numbers.emplace(objects_[i].get(), i);
  auto known = std::make_unique<CachedIdentities>();
  for (const Found& found : identities) {
    auto number = numbers.find(found.object.get());
    if (number == numbers.end()) return;
    known->entries.push_back({number->second, found.identity.copy()});
  }
  known->words = std::move(words_);
  known->texts = std::move(texts_);
  cache_.classes().of(cls_).identities = std::move(known);
}

}  // namespace cppickle::caching
