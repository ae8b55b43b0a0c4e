// Objects that a process has once, whatever number of streams brings them.
//
//   tracked := helper (id make arguments [1]) REDUCE MEMOIZE
//   first   := helper (id token functions object type None) REDUCE POP
//   state   := helper (id token attributes object type [GET functions]) REDUCE POP
//
// See runtime_helper.h.
#ifndef CPPICKLE_STREAM_TRACKED_OBJECTS_H_
#define CPPICKLE_STREAM_TRACKED_OBJECTS_H_

#include <vector>

#include "identity/tracker.h"
#include "pickling/script.h"
#include "stream/script_parts.h"

namespace cppickle::stream {

// Begins a call of the helper; `make`, the arguments (one tuple) and end_tracked()
// follow.  `name`: of the object, a str.
void begin_tracked(pickling::Script& script, PyObject* id, PyObject* name);
void end_tracked(pickling::Script& script, PyObject* object);
// The same for what no copy of cloudpickle keeps in its tracker.
void end_tracked_without_cloudpickle(pickling::Script& script, PyObject* object);

// Sets a class's attributes unless they are set already, by __setattr__ of the type
// that follows; then one of the ends.  `key`: the memo's key for the dict of them, or
// null.  `name`: of the object, a str.
void begin_state(pickling::Script& script, const identity::Identity& identity,
                 const std::vector<Entry>& attributes, PyObject* key, PyObject* object,
                 PyObject* name);
// Of what is not the whole state.
void end_first_state(pickling::Script& script);
// Of the state: those of `first`, the key of the part that came before, belong to it.
void end_state(pickling::Script& script, PyObject* first);

}  // namespace cppickle::stream

#endif  // CPPICKLE_STREAM_TRACKED_OBJECTS_H_
