// What a build that logs reads tells its tests (recording/read_check.h).
#ifndef CPPICKLE_MODULE_READ_FUNCTIONS_H_
#define CPPICKLE_MODULE_READ_FUNCTIONS_H_

#include "cpython/python.h"

namespace cppickle::module {

extern PyMethodDef read_functions[];

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_READ_FUNCTIONS_H_
