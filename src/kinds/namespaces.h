// The globals of functions by value: a dict of the names that the code refers to.
//
//   namespace := EMPTY_DICT MEMOIZE base
//   dynamic   := getattr (module '__dict__') REDUCE MEMOIZE base
//   base      := __package__, __name__, __path__, __file__ and __builtins__
//
// `dynamic` is that of a module which cannot be imported.
#ifndef CPPICKLE_KINDS_NAMESPACES_H_
#define CPPICKLE_KINDS_NAMESPACES_H_

#include <vector>

#include "cpython/names.h"
#include "pickling/script.h"
#include "stream/script_parts.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// The globals that a function's module always has: they go along so that imports and
// tracebacks work.
std::vector<stream::Entry> base_entries(PyObject* globals, const cpython::Names& names);

// Pushes the rebuilt globals dict: empty but for the base names when it is new.
void write_namespace(pickling::Script& script, stream::Namespace& space);

// The entries of `names` in `values` (the namespace's own dict, but for a replaced
// helper) that the other side's namespace does not have yet; they count as sent from
// now on.
std::vector<stream::Entry> missing_globals(stream::Namespace& space, PyObject* names,
                                           PyObject* values, bool memoizing);

// The form without a memo: whole, at once.
void write_whole_namespace(pickling::Script& script, PyObject* globals,
                           const cpython::Names& names,
                           const std::vector<stream::Entry>& referenced);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_NAMESPACES_H_
