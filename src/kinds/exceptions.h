// Exceptions with what their own reduce value leaves out.
//
//   exception := class arguments REDUCE MEMOIZE [state BUILD]
//   own       := K.__new__ (class *arguments) REDUCE MEMOIZE [state BUILD]
//   state     := dict of attributes, __cause__, __context__, __suppress_context__
//
// `own` is for classes with a constructor of their own; K is the class made in C below.
#ifndef CPPICKLE_KINDS_EXCEPTIONS_H_
#define CPPICKLE_KINDS_EXCEPTIONS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// False for exceptions that the reduce protocol handles well.
bool save_exception(stream::StreamState& state, pickling::Pickler& pickler,
                    PyObject* exception);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_EXCEPTIONS_H_
