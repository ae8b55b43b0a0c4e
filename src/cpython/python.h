// The one includer of Python.h.
#ifndef CPPICKLE_CPYTHON_PYTHON_H_
#define CPPICKLE_CPYTHON_PYTHON_H_

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#endif  // CPPICKLE_CPYTHON_PYTHON_H_
