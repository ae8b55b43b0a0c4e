// Code objects as bytes that marshal.loads reads.
//
//   blob     := object
//   object   := type [argument]        the type byte carries 0x80 when a later
//   reference names this object
//
//   N F T .  None, False, True, Ellipsis
//   i        int, 4 bytes              l  larger: number of digits (4, negative: of
//   -value), digits (2) to base 2**15 g y      float, complex: binary64 z a u    str:
//   ASCII, length (1 or 4); UTF-8 with surrogates, length (4).   Z A t  the same, to be
//   interned s        bytes, length (4) ) (      tuple, length (1 or 4), items >
//   frozenset, length (4), items in the order of their own blobs :        slice: start,
//   stop, step (3.14) c        code: the fields that cpython::code_fields() answers,
//   numbers (4) and objects r        reference (4) to the n-th object whose type byte
//   carries 0x80
//
// Numbers are little endian.
#ifndef CPPICKLE_BY_VALUE_MARSHAL_WRITER_H_
#define CPPICKLE_BY_VALUE_MARSHAL_WRITER_H_

#include "cpython/ref.h"

namespace cppickle::by_value {

// Bytes for this interpreter's marshal.loads.  Canonical: code objects of equal content
// get equal bytes, whatever their specialisation, the reference counts, the sharing and
// interning of their parts and the hash seed.  File names are real, except for
// stable_filename().  Runs no Python code.
//
// Throws ErrorSet: ValueError for a constant that marshal does not know (code.replace()
// can set any) and for nesting that marshal.loads refuses.
cpython::Ref marshal_code(PyObject* code);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_MARSHAL_WRITER_H_
