// Interned twins of strings that a stream repeats.
#ifndef CPPICKLE_UNPICKLING_INTERNED_NAMES_H_
#define CPPICKLE_UNPICKLING_INTERNED_NAMES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "cpython/building.h"
#include "cpython/ref.h"

namespace cppickle::unpickling {

// The names of attributes, interned as the interpreter wants them.  Instances of a
// class share the strings of a stream, so that a few places suffice.
class InternedNames {
 public:
  // Borrowed, until the next call.
  // REQUIRES: an exact str.
  PyObject* of(PyObject* name) {
    auto address = reinterpret_cast<std::uintptr_t>(name);
    if (!places_) places_ = std::make_unique<Places>();
    Place& place = (*places_)[(address >> 4 ^ address >> 10) % kPlaces];
    if (place.name.get() != name) {
      cpython::Ref interned = cpython::Ref::borrow(name);
      cpython::intern(interned);
      place = {cpython::Ref::borrow(name), std::move(interned)};
    }
    return place.interned.get();
  }

 private:
  struct Place {
    cpython::Ref name;  // held, lest its address becomes another's
    cpython::Ref interned;
  };
  static constexpr std::size_t kPlaces = 32;
  using Places = std::array<Place, kPlaces>;
  std::unique_ptr<Places> places_;  // most loads have no instances
};

}  // namespace cppickle::unpickling

#endif  // CPPICKLE_UNPICKLING_INTERNED_NAMES_H_
