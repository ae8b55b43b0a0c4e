// Exceptions with what their own reduce value leaves out.
//
//   exception := class arguments REDUCE MEMOIZE [state BUILD]
//   own       := K.__new__ (class *arguments) REDUCE MEMOIZE [state BUILD]
//   state     := dict of attributes, __cause__, __context__, __suppress_context__
//
// `own` is for classes with a constructor of their own; K is the class made in C below.
#ifndef CPPICKLE_BY_VALUE_EXCEPTIONS_H_
#define CPPICKLE_BY_VALUE_EXCEPTIONS_H_

#include "by_value/stream_state.h"

namespace cppickle::by_value {

// False for exceptions that the reduce protocol serves well.
bool save_exception(StreamState& reducers, pickling::Pickler& pickler, PyObject* exception);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_EXCEPTIONS_H_
