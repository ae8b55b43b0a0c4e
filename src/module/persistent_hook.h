// persistent_id and persistent_load: methods of a subclass, or callables that are
// assigned to an instance.
#ifndef CPPICKLE_MODULE_PERSISTENT_HOOK_H_
#define CPPICKLE_MODULE_PERSISTENT_HOOK_H_

#include "cpython/ref.h"

namespace cppickle::module {

// The attribute: what was assigned, else the default's method of `self`.
PyObject* get_hook(PyObject* self, const cpython::Ref& assigned, PyMethodDef& nothing);
// Assigns to the attribute of that name, or deletes it.  The status of a setter.
int set_hook(cpython::Ref& assigned, PyObject* value, const char* name);
// The hook of an object, which a subclass may define; empty: it is the default.  Runs
// foreign code.
cpython::Ref hook_of(PyObject* self, PyObject* name, const PyMethodDef& nothing);

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_PERSISTENT_HOOK_H_
