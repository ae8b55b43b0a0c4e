// Objects of typing that are known by name only: type variables and NewType.
//
//   variable := helper (id make (name *constraints)) REDUCE MEMOIZE
//               (None, {'__module__': module}) BUILD
//   NewType  := class EMPTY_TUPLE NEWOBJ MEMOIZE dict BUILD
//   make     := the class, or functools.partial of it with keywords
#ifndef CPPICKLE_BY_VALUE_TYPING_OBJECTS_H_
#define CPPICKLE_BY_VALUE_TYPING_OBJECTS_H_

#include "by_value/stream_state.h"

namespace cppickle::by_value {

bool save_type_variable(StreamState& reducers, pickling::Pickler& pickler,
                        PyObject* variable);
bool save_new_type(StreamState& reducers, pickling::Pickler& pickler, PyObject* new_type);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_TYPING_OBJECTS_H_
