// Code objects by value.  The first of a memo is guarded, the others follow it.
//
//   guarded := zipimport._unmarshal_code (None None None (text sys.version) pyc)
//              REDUCE MEMOIZE
//   others  := marshal.loads (blob) REDUCE MEMOIZE
//   foreign := functools.partial (placeholder.replace ..) {'co_consts': constants} ..
//              () REDUCE MEMOIZE
//   pyc     := magic(4) 1(4, little endian) 0(8) blob
//
// _unmarshal_code (Lib/zipimport.py) compares the magic number before it unmarshals
// anything, and names its fourth argument in the ImportError: the text says which
// Python wrote the stream, sys.version which one reads it.  The 1 means "hash-based,
// not checked" (PEP 552), so that no source is looked for.
//
// The third is for code with constants that marshal does not know, which code.replace()
// can set; the placeholder is a copy with None for those.  A function of such code is
// made of a placeholder too, and gets its __code__ when it is in the memo: a constant
// may be the function.
#ifndef CPPICKLE_KINDS_CODE_OBJECTS_H_
#define CPPICKLE_KINDS_CODE_OBJECTS_H_

#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/script.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// As a part of another script.
void write_code(pickling::Script& script, PyObject* code);

// What the constructor of a function gets where its code has to follow later, when the
// function is in the memo; empty for most code.  Runs foreign code.
cpython::Ref code_to_begin_with(stream::StreamState& state, pickling::Pickler& pickler,
                                PyObject* code);

bool save_code(stream::StreamState& state, pickling::Pickler& pickler, PyObject* code);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_CODE_OBJECTS_H_
