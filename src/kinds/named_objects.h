// Objects whose reduce value is the name of a global that only this process has: it is
// in its main module, or in one that is registered to travel by value.
//
//   named := helper (id make arguments [1]) REDUCE MEMOIZE
//            helper (id token attributes named object) REDUCE POP
//
// The name says that there is one such object, so each process makes it once, as it
// makes classes.  `make` is __new__ of the builtin base.
#ifndef CPPICKLE_KINDS_NAMED_OBJECTS_H_
#define CPPICKLE_KINDS_NAMED_OBJECTS_H_

#include "pickling/pickler.h"
#include "policy/policy.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// Raises PicklingError for objects that cannot be told apart and made again: of a type
// made in C, or one that takes no weak references.  False in fast mode, without a memo.
bool save_named_object(stream::StreamState& state, pickling::Pickler& pickler,
                       PyObject* object, const policy::GlobalName& name);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_NAMED_OBJECTS_H_
