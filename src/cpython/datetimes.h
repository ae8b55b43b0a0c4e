// Dates and times of the module datetime, from their C structs.
#ifndef CPPICKLE_CPYTHON_DATETIMES_H_
#define CPPICKLE_CPYTHON_DATETIMES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cpython/ref.h"

namespace cppickle::cpython {

enum class DateTimeKind : std::uint8_t { kNone, kDate, kTime, kDateTime, kDelta };

// The types, known by their addresses once an object of a type that is called so is
// met.
class DateTimes {
 public:
  // kNone also for subclasses.  May import the module on which the type depends.
  DateTimeKind kind_of(PyTypeObject* type);
  // The names of a kind's type; borrowed, and as long-lived as this.
  PyObject* module_name() const { return module_name_.get(); }
  PyObject* qualname(DateTimeKind kind) const {
    return qualnames_[static_cast<std::size_t>(kind)].get();
  }

 private:
  void load();

  std::array<PyTypeObject*, 5> types_{};  // by kind, borrowed: they are static
  std::array<Ref, 5> qualnames_;
  Ref module_name_;
};

// What __reduce_ex__(4) answers: a state of bytes, and the time zone or null.
struct DateTimeState {
  std::array<char, 10> bytes;
  std::size_t size;
  PyObject* tzinfo;  // borrowed

  std::string_view view() const { return {bytes.data(), size}; }
};
// REQUIRES: the object is of this kind, and no kDelta.
DateTimeState datetime_state(PyObject* object, DateTimeKind kind);

// Days, seconds, microseconds of a timedelta.
std::array<int, 3> delta_parts(PyObject* delta);

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_DATETIMES_H_
