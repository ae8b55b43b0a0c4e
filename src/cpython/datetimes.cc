#include "cpython/datetimes.h"

#include "cpython/error.h"

// After Python.h.
#include <datetime.h>

#include <algorithm>

namespace cppickle::cpython {
namespace {

constexpr std::string_view kPrefix = "datetime.";

template <std::size_t size>
DateTimeState state_from(const unsigned char (&data)[size], PyObject* tzinfo) {
  DateTimeState state{{}, size, tzinfo};
  std::copy_n(data, size, state.bytes.begin());
  return state;
}

// From protocol 4 on the fold is the high bit of a byte that does not need it.
void set_fold(DateTimeState& state, std::size_t at, unsigned char fold) {
  if (fold == 0) return;
  state.bytes[at] =
      static_cast<char>(static_cast<unsigned char>(state.bytes[at]) | 0x80);
}

}  // namespace

void DateTimes::load() {
  auto api =
      static_cast<PyDateTime_CAPI*>(PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0));
  if (api == nullptr) throw ErrorSet{};
  module_name_ = checked(PyUnicode_InternFromString("datetime"));
  types_ = {nullptr, api->DateType, api->TimeType, api->DateTimeType, api->DeltaType};
  for (std::size_t kind = 1; kind < types_.size(); ++kind) {
    qualnames_[kind] =
        checked(PyUnicode_FromString(types_[kind]->tp_name + kPrefix.size()));
  }
}

DateTimeKind DateTimes::kind_of(PyTypeObject* type) {
  if (!std::string_view(type->tp_name).starts_with(kPrefix)) return DateTimeKind::kNone;
  if (!module_name_) load();
  auto found = std::find(types_.begin() + 1, types_.end(), type);
  return found == types_.end() ? DateTimeKind::kNone
                               : static_cast<DateTimeKind>(found - types_.begin());
}

DateTimeState datetime_state(PyObject* object, DateTimeKind kind) {
  if (kind == DateTimeKind::kDate) {
    return state_from(reinterpret_cast<PyDateTime_Date*>(object)->data, nullptr);
  }
  if (kind == DateTimeKind::kTime) {
    auto time = reinterpret_cast<PyDateTime_Time*>(object);
    DateTimeState state =
        state_from(time->data, time->hastzinfo ? time->tzinfo : nullptr);
    set_fold(state, 0, time->fold);  // the hour
    return state;
  }
  auto datetime = reinterpret_cast<PyDateTime_DateTime*>(object);
  DateTimeState state =
      state_from(datetime->data, datetime->hastzinfo ? datetime->tzinfo : nullptr);
  set_fold(state, 2, datetime->fold);  // the month
  return state;
}

std::array<int, 3> delta_parts(PyObject* delta) {
  return {PyDateTime_DELTA_GET_DAYS(delta), PyDateTime_DELTA_GET_SECONDS(delta),
          PyDateTime_DELTA_GET_MICROSECONDS(delta)};
}

}  // namespace cppickle::cpython
