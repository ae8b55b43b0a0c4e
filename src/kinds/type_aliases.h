// The aliases of `type X = ...` statements (PEP 695).
//
//   alias     := make (name value) REDUCE MEMOIZE
//   recursive := builtins.exec ('type X = __value__' names) REDUCE POP
//                dict.setdefault (names name) REDUCE MEMOIZE
//                GET names, '__value__' value SETITEM POP
//   names     := EMPTY_DICT MEMOIZE '__name__' module SETITEM
//   make      := the class, or functools.partial of it with keywords
//
// The statement evaluates its right side when somebody asks for the value.  So an alias
// that refers to itself can be in the memo before its value is.
#ifndef CPPICKLE_KINDS_TYPE_ALIASES_H_
#define CPPICKLE_KINDS_TYPE_ALIASES_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

bool save_type_alias(stream::StreamState& state, pickling::Pickler& pickler,
                     PyObject* alias);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_TYPE_ALIASES_H_
