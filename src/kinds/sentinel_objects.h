// Bare objects that a module keeps under a name, by that name.
#ifndef CPPICKLE_KINDS_SENTINEL_OBJECTS_H_
#define CPPICKLE_KINDS_SENTINEL_OBJECTS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// A reducer for exact instances of object; streams without code have them as the
// standard pickler does.
bool save_sentinel(stream::StreamState& state, pickling::Pickler& pickler,
                   PyObject* object);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_SENTINEL_OBJECTS_H_
