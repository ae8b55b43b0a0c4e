#include "recording/class_slots.h"

#include <algorithm>

#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::recording {

ClassSlot& ClassSlots::of(PyObject* cls) {
  auto found = slots_.find(cls);
  if (found != slots_.end() &&
      cpython::weakly_referenced(found->second.weak.get()).get() == cls) [[likely]]
    return found->second;
  if (slots_.size() >= many_) {
    std::erase_if(slots_, [](const auto& entry) {
      return !cpython::weakly_referenced(entry.second.weak.get());
    });
    many_ = std::max(kManyClasses, slots_.size() * 2);
  }
  ClassSlot made;
  made.weak = cpython::checked(PyWeakref_NewRef(cls, nullptr));
  return slots_.insert_or_assign(cls, std::move(made)).first->second;
}

}  // namespace cppickle::recording
