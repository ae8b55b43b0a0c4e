// Enumerations: members are made raw, and a process has each of them once.
//
//   member := dict.setdefault (map name new) REDUCE MEMOIZE [first BUILD] [rest BUILD]
//   new    := make arguments REDUCE
//   pseudo := class (value) REDUCE MEMOIZE                  composite flags
//   map    := getattr (class '_member_map_') REDUCE
#ifndef CPPICKLE_KINDS_ENUMS_H_
#define CPPICKLE_KINDS_ENUMS_H_

#include <vector>

#include "cpython/names.h"
#include "parts/class_parts.h"
#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

bool is_enumeration(stream::StreamState& state, PyTypeObject* type);

// Leaves out of the class's tables the pseudo-members that enum makes on demand.
void adapt_enum_attributes(std::vector<parts::ClassAttribute>& attributes,
                           const cpython::Names& names);

// A member of an enumeration that travels by value; false for others.
bool save_enum_member(stream::StreamState& state, pickling::Pickler& pickler,
                      PyObject* member);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_ENUMS_H_
