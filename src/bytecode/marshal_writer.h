// Code objects as bytes that marshal.loads reads, behind the header of a .pyc file.
//
//   pyc      := magic number (4) 1 (4) 0 (8) blob
//   blob     := object
//   object   := type [argument]     0x80 is set in the type when a reference names it
//
//   N F T .  None, False, True, Ellipsis
//   i        int: 4 bytes
//   l        larger int: number of digits (4; negative: of -value), digits (2) to 2**15
//   g y      float, complex: binary64
//   z a      ASCII str: length (1 for z, 4 for a).  Z A: the same, to be interned
//   u        other str: length (4), UTF-8 with surrogates
//   s        bytes: length (4)
//   ) (      tuple: length (1 for the first, 4 for the second), items
//   >        frozenset: length (4), items in the order of their own blobs
//   :        slice: start, stop, step (from 3.14 on)
//   c        code: the fields cpython::code_field(), numbers (4) and objects
//   r        reference: number (4) of an object among those with 0x80
//
// Numbers are little endian.  The 1 means "hash-based, not checked" (PEP 552), so that
// no source is looked for.
#ifndef CPPICKLE_BYTECODE_MARSHAL_WRITER_H_
#define CPPICKLE_BYTECODE_MARSHAL_WRITER_H_

#include <cstddef>

#include "cpython/ref.h"

namespace cppickle::bytecode {

inline constexpr std::size_t kPycHeaderSize = 16;

// A pyc with a blob for this interpreter's marshal.loads.  Canonical: code objects of
// equal content get equal bytes, whatever their specialisation, the reference counts,
// the sharing and interning of their parts and the hash seed.  File names are real,
// except for stable_filename().  Runs no Python code.
//
// Throws ErrorSet: ValueError for a constant that marshal does not know (code.replace()
// can set any) and for nesting that marshal.loads refuses.
cpython::Ref pyc_of_code(PyObject* code);

}  // namespace cppickle::bytecode

#endif  // CPPICKLE_BYTECODE_MARSHAL_WRITER_H_
