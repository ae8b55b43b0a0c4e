// The functions that streams with by-value classes carry, and the tables they work on.
//
//   objects := dict.setdefault (sys.__dict__ '_cppickle_tracker' weak) REDUCE MEMOIZE
//   weak    := weakref.WeakValueDictionary () REDUCE
//   tokens  := getattr (objects '__dict__') REDUCE MEMOIZE
//
// `objects` maps tracker ids to classes and type variables.  `tokens` maps them to the
// token of the state that was applied last, and (id,) to that of a class's methods,
// which may be set before the rest; it is the former's __dict__, so that a process has
// one place to look.  0 is the token of objects that were made in this process: nobody
// else may reset them.
#ifndef CPPICKLE_BY_VALUE_HELPER_H_
#define CPPICKLE_BY_VALUE_HELPER_H_

#include "cpython/ref.h"

namespace cppickle::by_value {

struct Helpers {
  // tracked(objects, id, make, arguments): what is known under id here or to a copy of
  // cloudpickle (other_trackers.h), or make(*arguments) from now on.  What is made has
  // no state yet, whatever an object that died under this id had; what a copy knows is
  // taken as this process's own, which no stream resets.
  // tracked(objects, id, make, arguments, 0, 1): the same, for us alone.
  // tracked(tokens, id, set, object, token, attributes): set(object, name, value) for
  // each attribute, unless the state with this token is what was applied last.
  cpython::Ref tracked;
  // unhooked(owner, make, *arguments): make(*arguments) while owner's __init_subclass__
  // does nothing.
  cpython::Ref unhooked;
};

// Both are functions without a module, and without line numbers: their size is part of
// every stream with a class.
Helpers made_helpers();

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_HELPER_H_
