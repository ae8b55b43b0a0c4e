// The functions of the module.
#ifndef CPPICKLE_MODULE_FUNCTIONS_H_
#define CPPICKLE_MODULE_FUNCTIONS_H_

#include "cpython/python.h"

namespace cppickle::module {

extern PyMethodDef functions[];

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_FUNCTIONS_H_
