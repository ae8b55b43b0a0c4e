// Code objects by value.
//
//   code := zipimport._unmarshal_code (None None None (text, sys.version) pyc) REDUCE
//   MEMOIZE    the first of a memo
//         | marshal.loads (blob) REDUCE MEMOIZE others
//   pyc  := the interpreter's magic number (4 bytes), flags 1 (4 bytes, little endian),
//   8 zero bytes, blob
//
// _unmarshal_code (Lib/zipimport.py) compares the magic number before it unmarshals
// anything, and names its fourth argument in the ImportError: the text says which
// Python wrote the stream, sys.version which one reads it.  Flags 1 means "hash-based,
// not checked" (PEP 552), so that no source is looked for.
#ifndef CPPICKLE_BY_VALUE_CODE_OBJECTS_H_
#define CPPICKLE_BY_VALUE_CODE_OBJECTS_H_

#include "by_value/by_value.h"

namespace cppickle::by_value {

// As a part of another script.
void write_code(ByValue& reducers, pickling::Pickler& pickler, pickling::Script& script,
                PyObject* code);

bool save_code(ByValue& reducers, pickling::Pickler& pickler, PyObject* code);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_CODE_OBJECTS_H_
