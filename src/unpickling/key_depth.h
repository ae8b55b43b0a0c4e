// How deep a key may be nested.
#ifndef CPPICKLE_UNPICKLING_KEY_DEPTH_H_
#define CPPICKLE_UNPICKLING_KEY_DEPTH_H_

#include "cpython/python.h"

namespace cppickle::unpickling {

// Throws ErrorSet with a RecursionError for a tuple of tuples of tuples.. that is so
// deep that its hash, which is computed by recursion without a limit, could overrun the
// C stack; or that holds the same tuples so often that nobody could wait for it.  Runs
// no foreign code.
void check_key_depth(PyObject* tuple);

}  // namespace cppickle::unpickling

#endif  // CPPICKLE_UNPICKLING_KEY_DEPTH_H_
