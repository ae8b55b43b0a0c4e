// Modules that only this process has: made by types.ModuleType() and put into
// sys.modules, where no finder of another process knows them.
#ifndef CPPICKLE_POLICY_HANDMADE_MODULES_H_
#define CPPICKLE_POLICY_HANDMADE_MODULES_H_

#include "cpython/names.h"
#include "cpython/python.h"

namespace cppickle::policy {

// True for a module with a spec or a loader (PEP 451): something has loaded it.
bool has_origin(PyObject* module, const cpython::Names& names);

// True for an entry of sys.modules without an origin that has no importable package
// above it.  Those that a package makes while it is imported (six.moves) are there when
// the package is.
// `name` is a str and what the entry is called.  Runs no foreign code.
bool is_handmade_module(PyObject* module, PyObject* name, const cpython::Names& names);

}  // namespace cppickle::policy

#endif  // CPPICKLE_POLICY_HANDMADE_MODULES_H_
