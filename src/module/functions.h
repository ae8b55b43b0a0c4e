// The functions of the module.
#ifndef CPPICKLE_MODULE_FUNCTIONS_H_
#define CPPICKLE_MODULE_FUNCTIONS_H_

#include "cpython/ref.h"
#include "module/state.h"
#include "pickling/name_observer.h"

namespace cppickle::module {

// The pickle of `object` as bytes.  `callback` and `observer` may be null.  Throws
// ErrorSet.
cpython::Ref dumped(ModuleState& state, PyObject* object, int protocol,
                    PyObject* callback, const DumpOptions& options,
                    pickling::NameObserver* observer);

extern PyMethodDef functions[];

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_FUNCTIONS_H_
