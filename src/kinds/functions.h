// Functions and cells by value.
//
//   function := types.FunctionType (code namespace [name [defaults [closure]]])
//               REDUCE MEMOIZE attributes* cells* globals* imports*
//   attributes := (dict or None, dict of slots) BUILD
//   cells    := GET cell (None, {'cell_contents': value}) BUILD POP
//   globals  := GET namespace name value SETITEM.. POP
//   imports  := builtins.__import__ (name) REDUCE POP
//
// Only attributes that the constructor does not set are written, only globals that the
// namespace does not have yet, and imports of submodules that the code reaches.
#ifndef CPPICKLE_KINDS_FUNCTIONS_H_
#define CPPICKLE_KINDS_FUNCTIONS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

void save_function_by_value(stream::StreamState& state, pickling::Pickler& pickler,
                            PyObject* function);
// The same when it can be written whole without a frame; false for others, of which
// nothing is written.
bool try_save_function_inline(stream::StreamState& state, pickling::Pickler& pickler,
                              PyObject* function);
bool save_cell(stream::StreamState& state, pickling::Pickler& pickler, PyObject* cell);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_FUNCTIONS_H_
