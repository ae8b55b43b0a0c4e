// Objects that belong to a module which holds them (policy/module_members.h): by
// reference.
#ifndef CPPICKLE_KINDS_MODULE_MEMBERS_H_
#define CPPICKLE_KINDS_MODULE_MEMBERS_H_

#include "pickling/pickler.h"
#include "policy/module_members.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// False when no module has the object.
bool save_module_member(stream::StreamState& state, pickling::Pickler& pickler,
                        PyObject* object, policy::ModuleMembers::Kind kind);

// A bare object(), in streams with code; false for others, which are data.
bool save_sentinel(stream::StreamState& state, pickling::Pickler& pickler,
                   PyObject* object);

// A structure made in C whose class no name leads to: sys.version_info.
bool save_nameless_structure(stream::StreamState& state, pickling::Pickler& pickler,
                             PyObject* object);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_MODULE_MEMBERS_H_
