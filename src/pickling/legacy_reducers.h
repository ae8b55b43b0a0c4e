// Reducers of the dispatch table that know less than the engine.
#ifndef CPPICKLE_PICKLING_LEGACY_REDUCERS_H_
#define CPPICKLE_PICKLING_LEGACY_REDUCERS_H_

#include "cpython/python.h"

namespace cppickle::pickling {

// True for what multiprocessing.reduction registers for methods, partials and method
// descriptors, and for the copies of it in loky, billiard and multiprocess.  They are
// from when pickle could send none of these.  Their bound method is
// getattr(self, function's name), which finds the method of a subclass, the class's
// attribute under a private name, or nothing; their partial has no attributes.
bool is_legacy_reducer(PyObject* reducer);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_LEGACY_REDUCERS_H_
