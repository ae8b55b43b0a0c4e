// The Python type Unpickler.
#ifndef CPPICKLE_MODULE_UNPICKLER_OBJECT_H_
#define CPPICKLE_MODULE_UNPICKLER_OBJECT_H_

#include "cpython/python.h"

namespace cppickle::module {

extern PyType_Spec unpickler_spec;

// An iterator over the argument `buffers`, owned; null for null and None.  Throws
// ErrorSet.
PyObject* buffers_from(PyObject* argument);

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_UNPICKLER_OBJECT_H_
