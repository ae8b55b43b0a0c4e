// The globals of functions by value: a dict of the names that the code refers to.
//
//   namespace := EMPTY_DICT MEMOIZE base
//   dynamic   := getattr (module '__dict__') REDUCE MEMOIZE base
//   base      := __package__, __name__, __path__, __file__ and __builtins__
//
// `dynamic` is that of a module which cannot be imported.
#ifndef CPPICKLE_BY_VALUE_NAMESPACES_H_
#define CPPICKLE_BY_VALUE_NAMESPACES_H_

#include <vector>

#include "by_value/stream_state.h"
#include "by_value/script_parts.h"

namespace cppickle::by_value {

// The globals that a function's module always has: they go along so that imports and
// tracebacks work.
std::vector<Entry> base_entries(PyObject* globals, const cpython::Names& names);

// Pushes the rebuilt globals dict: empty but for the base names when it is new.
void write_namespace(pickling::Script& script, Namespace& space);

// The entries of `names` in `values` (the namespace's own dict, but for a replaced
// helper) that the other side's namespace does not have yet; they count as sent from
// now on.
std::vector<Entry> missing_globals(Namespace& space, PyObject* names, PyObject* values,
                                   bool memoizing);

// The form without a memo: whole, at once.
void write_whole_namespace(pickling::Script& script, PyObject* globals,
                           const cpython::Names& names,
                           const std::vector<Entry>& referenced);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_NAMESPACES_H_
