// Telling depth from a recursion without end: objects whose reduce values make new
// objects of the kind forever.
#ifndef CPPICKLE_PICKLING_RUNAWAY_H_
#define CPPICKLE_PICKLING_RUNAWAY_H_

#include "cpython/ref.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

class Pickler;

// True when the reduce values on the stack's top bring forth what is below them each
// time they are asked for, so that no end is in sight.  Asks for some of them once
// more: what exists beside its reduce value is found there again, however deep.
bool is_runaway(Pickler& pickler, const WorkStack& stack);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_RUNAWAY_H_
