// Which names a code object reaches.
#ifndef CPPICKLE_BYTECODE_BYTECODE_SCAN_H_
#define CPPICKLE_BYTECODE_BYTECODE_SCAN_H_

#include "cpython/ref.h"

namespace cppickle::bytecode {

// Tuples of interned str, each name once, in the order they are met: the code itself
// first, then the code objects among its constants, depth first.
struct CodeNames {
  // Names that are loaded, stored or deleted as globals; of class bodies also those
  // that are loaded from the class first.
  cpython::Ref globals;
  // All names: globals, attributes, imported modules.
  cpython::Ref mentioned;
};

// Runs no Python code.  Throws ErrorSet.
CodeNames scan_code(PyObject* code);

}  // namespace cppickle::bytecode

#endif  // CPPICKLE_BYTECODE_BYTECODE_SCAN_H_
