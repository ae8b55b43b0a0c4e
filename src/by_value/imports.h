// Modules: by reference as imports, dynamic and registered ones by value; submodules
// that code reaches.
//
//   module     := builtins.__import__ (name) REDUCE MEMOIZE a top-level module
//               | builtins.__import__ (name, None, None, ('__name__',)) REDUCE MEMOIZE
//               a submodule | types.ModuleType (name) REDUCE MEMOIZE dict BUILD a
//               module by value
#ifndef CPPICKLE_BY_VALUE_IMPORTS_H_
#define CPPICKLE_BY_VALUE_IMPORTS_H_

#include <vector>

#include "by_value/by_value.h"

namespace cppickle::by_value {

bool save_module(ByValue& reducers, pickling::Pickler& pickler, PyObject* module);

// Imports of the submodules that code with these names reaches from packages among
// `values`: `import a; import a.b` leaves only `a` among a function's globals.
void write_submodule_imports(ByValue& reducers, pickling::Pickler& pickler,
                             pickling::Script& script,
                             const std::vector<PyObject*>& values,
                             PyObject* mentioned_names);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_IMPORTS_H_
