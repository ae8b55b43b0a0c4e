#include "caching/class_cache.h"

#include <algorithm>

#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::caching {

ClassCacheEntry& ClassCache::of(PyObject* cls) {
  auto found = entries_.find(cls);
  if (found != entries_.end() &&
      cpython::weakly_referenced(found->second.weak.get()).get() == cls) [[likely]]
    return found->second;
  // Entries of dead classes go at each doubling: a class costs little on the average,
  // and no entry needs a callback.
  if (entries_.size() >= many_) {
    std::erase_if(entries_, [](const auto& entry) {
      return !cpython::weakly_referenced(entry.second.weak.get());
    });
    many_ = std::max(kManyClasses, entries_.size() * 2);
  }
  ClassCacheEntry made;
  made.weak = cpython::checked(PyWeakref_NewRef(cls, nullptr));
  return entries_.insert_or_assign(cls, std::move(made)).first->second;
}

}  // namespace cppickle::caching
