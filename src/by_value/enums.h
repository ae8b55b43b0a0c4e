// Enumerations: members are made raw, and a process has each of them once.
//
//   member := helper (map name make arguments) REDUCE MEMOIZE atoms BUILD [rest BUILD]
//   pseudo := class (value) REDUCE MEMOIZE                  composite flags
//   map    := getattr (class '_member_map_') REDUCE
#ifndef CPPICKLE_BY_VALUE_ENUMS_H_
#define CPPICKLE_BY_VALUE_ENUMS_H_

#include <vector>

#include "by_value/stream_state.h"
#include "by_value/class_parts.h"

namespace cppickle::by_value {

bool is_enumeration(StreamState& reducers, PyTypeObject* type);

// Leaves out of the class's tables the pseudo-members that enum makes on demand.
void adapt_enum_attributes(std::vector<ClassAttribute>& attributes,
                           const cpython::Names& names);

// A member of an enumeration that travels by value; false for others.
bool save_enum_member(StreamState& reducers, pickling::Pickler& pickler, PyObject* member);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_ENUMS_H_
