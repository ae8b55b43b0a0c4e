// What a build that checks borrows offers to its tests (cpython/borrow_scope.h).
#ifndef CPPICKLE_MODULE_BORROW_FUNCTIONS_H_
#define CPPICKLE_MODULE_BORROW_FUNCTIONS_H_

#include "cpython/python.h"

namespace cppickle::module {

extern PyMethodDef borrow_functions[];

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_BORROW_FUNCTIONS_H_
