// The Python type Pickler.
#ifndef CPPICKLE_MODULE_PICKLER_OBJECT_H_
#define CPPICKLE_MODULE_PICKLER_OBJECT_H_

#include "module/pickler_struct.h"
#include "module/state.h"

namespace cppickle::module {

extern PyType_Spec base_pickler_spec;

// dump(), as a function of Pickler and of the module.
void dump_with(ModuleState& state, PicklerObject* pickler, PyObject* object,
               const DumpOptions& options);

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_PICKLER_OBJECT_H_
