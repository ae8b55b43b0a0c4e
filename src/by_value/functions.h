// Functions, cells and methods by value.
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
#ifndef CPPICKLE_BY_VALUE_FUNCTIONS_H_
#define CPPICKLE_BY_VALUE_FUNCTIONS_H_

#include "by_value/by_value.h"

namespace cppickle::by_value {

void save_function_by_value(ByValue& reducers, pickling::Pickler& pickler,
                            PyObject* function);
// The same when it can be written whole without a frame; false for others, of which
// nothing is written.
bool save_function_at_once(ByValue& reducers, pickling::Pickler& pickler,
                           PyObject* function);
bool save_cell(ByValue& reducers, pickling::Pickler& pickler, PyObject* cell);
bool save_method(ByValue& reducers, pickling::Pickler& pickler, PyObject* method);

// True for values that refer to nothing and run no code when loaded: they may stand
// before their owner.
bool is_atom(PyObject* object);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_FUNCTIONS_H_
