// Modules: by reference as imports, dynamic and registered ones by value; submodules
// that code reaches.
//
//   top     := builtins.__import__ (name) REDUCE MEMOIZE
//   dotted  := builtins.__import__ (name None None ('__name__',)) REDUCE MEMOIZE
//   dynamic := types.ModuleType (name) REDUCE MEMOIZE dict BUILD
//
// The dict of a dynamic module has an entry for __builtins__ and none for the import
// system's own (__spec__, __loader__, __cached__).
#ifndef CPPICKLE_KINDS_MODULES_H_
#define CPPICKLE_KINDS_MODULES_H_

#include <vector>

#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/script.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// False for a module that an import does not find again, or that is registered.
bool save_module_by_reference(stream::StreamState& state, pickling::Pickler& pickler,
                              PyObject* module);
bool save_module(stream::StreamState& state, pickling::Pickler& pickler,
                 PyObject* module);

// Imports of the submodules that code with these names reaches from packages among
// `modules`: `import a; import a.b` leaves only `a` among a function's globals.
void write_submodule_imports(stream::StreamState& state, pickling::Script& script,
                             const std::vector<cpython::Ref>& modules,
                             PyObject* mentioned_names);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_MODULES_H_
