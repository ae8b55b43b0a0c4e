// Modules: by reference as imports, dynamic and registered ones by value; submodules
// that code reaches.
//
//   top     := builtins.__import__ (name) REDUCE MEMOIZE
//   dotted  := builtins.__import__ (name None None ('__name__',)) REDUCE MEMOIZE
//   dynamic := types.ModuleType (name) REDUCE MEMOIZE dict BUILD
//
// The dict of a dynamic module has an entry for __builtins__ and none for the import
// system's own (__spec__, __loader__, __cached__).
#ifndef CPPICKLE_BY_VALUE_IMPORTS_H_
#define CPPICKLE_BY_VALUE_IMPORTS_H_

#include <vector>

#include "by_value/stream_state.h"
#include "pickling/script.h"

namespace cppickle::by_value {

// False for a module that an import does not find again, or that is registered.
bool save_module_by_reference(StreamState& reducers, pickling::Pickler& pickler,
                              PyObject* module);
bool save_module(StreamState& reducers, pickling::Pickler& pickler, PyObject* module);

// Imports of the submodules that code with these names reaches from packages among
// `modules`: `import a; import a.b` leaves only `a` among a function's globals.
void write_submodule_imports(StreamState& reducers, pickling::Script& script,
                             const std::vector<PyObject*>& modules,
                             PyObject* mentioned_names);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_IMPORTS_H_
