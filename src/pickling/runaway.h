// Telling depth from a recursion without end: objects whose reduce values make new
// objects of the kind forever, and objects that have to be there before they are made.
#ifndef CPPICKLE_PICKLING_RUNAWAY_H_
#define CPPICKLE_PICKLING_RUNAWAY_H_

#include <cstddef>
#include <optional>

#include "cpython/ref.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

class Pickler;

// True when the reduce values on the stack's top bring forth what is below them each
// time they are asked for, so that no end is in sight.  Asks for some of them once
// more: what exists beside its reduce value is found there again, however deep.
bool is_runaway(Pickler& pickler, const WorkStack& stack);

// An object that its own parts lead back to, again and again, before it can be made:
// the index of the frame that expands it for the second time.
//
// An object may be reached again that way and end well: something between, a list or an
// instance, is in the memo before its content is written, and the next time it is taken
// from there.  Then each round puts another object into the memo that exists beside the
// reduce values.  No end is in sight where no round does; that is found out by asking
// for the reduce values of one round once more.
std::optional<std::size_t> find_endless_reentry(Pickler& pickler,
                                                const WorkStack& stack);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_RUNAWAY_H_
