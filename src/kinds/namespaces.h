// The globals of functions by value: a dict of the names that the code refers to.
//
//   namespace := EMPTY_DICT MEMOIZE base
//   dynamic   := getattr (module '__dict__') REDUCE MEMOIZE base
//   shared    := cppickle._namespaces.namespace (process {base}) REDUCE MEMOIZE
//   base      := __package__, __name__, __path__, __file__ and __builtins__
//
// `dynamic` is that of a module which cannot be imported, `shared` what the option
// _namespaces asks for.
#ifndef CPPICKLE_KINDS_NAMESPACES_H_
#define CPPICKLE_KINDS_NAMESPACES_H_

#include <vector>

#include "cpython/names.h"
#include "pickling/pickler.h"
#include "pickling/script.h"
#include "stream/script_parts.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// The globals that a function's module always has: they go along so that imports and
// tracebacks work.
std::vector<stream::Entry> base_entries(PyObject* globals, const cpython::Names& names);

// Pushes the rebuilt globals dict: empty but for the base names when it is new.
void write_namespace(pickling::Script& script, stream::Namespace& space);

// The entries of `names` in `values` (the namespace's own dict, unless
// _function_getstate is overridden) that the other side's namespace does not have yet.
std::vector<stream::Entry> missing_globals(const stream::Namespace& space,
                                           PyObject* names, PyObject* values,
                                           bool memoizing);

// Finds the tokens of a shared namespace's globals among `names` that are not there
// yet. Runs foreign code.
void find_tokens(stream::StreamState& state, pickling::Pickler& pickler,
                 stream::Namespace& space, PyObject* names);

// Sets them in the dict on the stack's top.  They count as sent already: what is
// written for a value may name the same globals.
void write_globals(pickling::Script& script, const stream::Namespace& space,
                   const std::vector<stream::Entry>& entries);

// The form without a memo: whole, at once.
void write_whole_namespace(pickling::Script& script, PyObject* globals,
                           const cpython::Names& names,
                           const std::vector<stream::Entry>& referenced);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_NAMESPACES_H_
