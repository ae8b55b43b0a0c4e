// What the names of a stream stand for: the default of find_class().
#ifndef CPPICKLE_UNPICKLING_GLOBALS_H_
#define CPPICKLE_UNPICKLING_GLOBALS_H_

#include "cpython/imported.h"
#include "cpython/ref.h"

namespace cppickle::unpickling {

// The object under `name` in the module, which is imported when it has to be.  Before
// protocol 3, Python 2's names are mapped if `fix_imports`; from protocol 4 on a dotted
// name is a path.  Names of the package cloudpickle are found in cppickle.compat where
// cloudpickle is not installed.  Raises the audit event pickle.find_class.  Throws
// ErrorSet.  Runs foreign code.
cpython::Ref find_global(const cpython::Imported& imported, PyObject* module_name,
                         PyObject* name, int protocol, bool fix_imports);

}  // namespace cppickle::unpickling

#endif  // CPPICKLE_UNPICKLING_GLOBALS_H_
