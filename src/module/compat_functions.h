// Functions of the module for the package cppickle.compat alone; not public.
#ifndef CPPICKLE_MODULE_COMPAT_FUNCTIONS_H_
#define CPPICKLE_MODULE_COMPAT_FUNCTIONS_H_

#include "cpython/python.h"

namespace cppickle::module {

extern PyMethodDef compat_functions[];

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_COMPAT_FUNCTIONS_H_
