// Bare objects that a module keeps under a name, by that name.
#ifndef CPPICKLE_BY_VALUE_SENTINEL_OBJECTS_H_
#define CPPICKLE_BY_VALUE_SENTINEL_OBJECTS_H_

#include "by_value/stream_state.h"

namespace cppickle::by_value {

// A reducer for exact instances of object; streams without code have them as the
// standard pickler does.
bool save_sentinel(StreamState& reducers, pickling::Pickler& pickler, PyObject* object);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_SENTINEL_OBJECTS_H_
