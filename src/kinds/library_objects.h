// Objects of libraries that have no reduce value of their own, or one that leads
// nowhere: by the call that makes them.
//
//   struct.Struct  := struct.Struct (format) REDUCE
//   comparison key := functools.cmp_to_key (function) REDUCE
//                   | functools.cmp_to_key (function) REDUCE (object) REDUCE
//   default factory of msgspec := msgspec._core.Factory (factory) REDUCE
//   msgspec.Meta   := functools.partial (msgspec.Meta ..) () REDUCE
//   ufunc          := numpy.frompyfunc (function nin nout) REDUCE
#ifndef CPPICKLE_KINDS_LIBRARY_OBJECTS_H_
#define CPPICKLE_KINDS_LIBRARY_OBJECTS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

bool save_struct(stream::StreamState& state, pickling::Pickler& pickler,
                 PyObject* object);
bool save_field_factory(stream::StreamState& state, pickling::Pickler& pickler,
                        PyObject* factory);
// Constraints of a field: keywords of msgspec.Meta.
bool save_field_constraints(stream::StreamState& state, pickling::Pickler& pickler,
                            PyObject* constraints);
// What functools.cmp_to_key() gives, and what that gives for an object.
bool save_comparison_key(stream::StreamState& state, pickling::Pickler& pickler,
                         PyObject* key);
// One that numpy.frompyfunc() made; false for others, which have names.
bool save_ufunc(stream::StreamState& state, pickling::Pickler& pickler,
                PyObject* ufunc);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_LIBRARY_OBJECTS_H_
