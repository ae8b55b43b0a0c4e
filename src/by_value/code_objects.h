// Code objects by value.  The first of a memo is guarded, the others follow it.
//
//   guarded := zipimport._unmarshal_code (None None None (text sys.version) pyc)
//              REDUCE MEMOIZE
//   others  := marshal.loads (blob) REDUCE MEMOIZE
//   pyc     := magic(4) 1(4, little endian) 0(8) blob
//
// _unmarshal_code (Lib/zipimport.py) compares the magic number before it unmarshals
// anything, and names its fourth argument in the ImportError: the text says which
// Python wrote the stream, sys.version which one reads it.  The 1 means "hash-based,
// not checked" (PEP 552), so that no source is looked for.
#ifndef CPPICKLE_BY_VALUE_CODE_OBJECTS_H_
#define CPPICKLE_BY_VALUE_CODE_OBJECTS_H_

#include "by_value/stream_state.h"
#include "pickling/script.h"

namespace cppickle::by_value {

// As a part of another script.
void write_code(pickling::Script& script, PyObject* code);

bool save_code(StreamState& reducers, pickling::Pickler& pickler, PyObject* code);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_CODE_OBJECTS_H_
