// Constants that no marshal blob can hold: code.replace() can set any.
#ifndef CPPICKLE_BYTECODE_FOREIGN_CONSTANTS_H_
#define CPPICKLE_BYTECODE_FOREIGN_CONSTANTS_H_

#include "cpython/ref.h"

namespace cppickle::bytecode {

// True when a constant of the code object is or contains an object that marshal does
// not know, such as a function or an instance; that may be inside of a code object
// among its constants.  Runs no foreign code.
bool has_foreign_constants(PyObject* code);

// A copy of the code object with None in the place of each such constant.  Runs foreign
// code (audit hooks).  Throws ErrorSet.
cpython::Ref without_foreign_constants(PyObject* code);

}  // namespace cppickle::bytecode

#endif  // CPPICKLE_BYTECODE_FOREIGN_CONSTANTS_H_
