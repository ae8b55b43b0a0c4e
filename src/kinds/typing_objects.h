// Objects of typing that are known by name only: type variables and NewType.
//
//   variable := helper (id make (name *constraints)) REDUCE MEMOIZE
//               (None, {'__module__': module}) BUILD
//   NewType  := class EMPTY_TUPLE NEWOBJ MEMOIZE dict BUILD
//   make     := the class, or functools.partial of it with keywords
#ifndef CPPICKLE_KINDS_TYPING_OBJECTS_H_
#define CPPICKLE_KINDS_TYPING_OBJECTS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

bool save_type_variable(stream::StreamState& state, pickling::Pickler& pickler,
                        PyObject* variable);
bool save_new_type(stream::StreamState& state, pickling::Pickler& pickler,
                   PyObject* new_type);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_TYPING_OBJECTS_H_
