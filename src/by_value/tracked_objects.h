// Objects that a process has once, whatever number of streams brings them.
//
//   tracked := helper (id make arguments [1]) REDUCE MEMOIZE
//   state   := helper (id token attributes object type) REDUCE POP
//
// See helper.h.
#ifndef CPPICKLE_BY_VALUE_TRACKED_OBJECTS_H_
#define CPPICKLE_BY_VALUE_TRACKED_OBJECTS_H_

#include <vector>

#include "by_value/stream_state.h"
#include "by_value/script_parts.h"

namespace cppickle::by_value {

// Begins a call of the helper; `make`, the arguments (one tuple) and end_tracked()
// follow.
void begin_tracked(pickling::Script& script, PyObject* id);
void end_tracked(pickling::Script& script, PyObject* object);
// The same for what no copy of cloudpickle keeps in its tracker.
void end_tracked_alone(pickling::Script& script, PyObject* object);

// Sets attributes unless they are set already, by __setattr__ of the type that follows;
// then end_state().
void begin_state(pickling::Script& script, const Identity& identity,
                 const std::vector<Entry>& attributes, PyObject* object);
void end_state(pickling::Script& script);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_TRACKED_OBJECTS_H_
