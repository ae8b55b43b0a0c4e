// Classes by value, enumerations among them.
//
//   class    := helper (id M (name bases body)) REDUCE MEMOIZE rest
//             | helper (id M.__new__ (metaclass name bases body)) REDUCE MEMOIZE rest
//   rest     := [methods] state registered*
//   methods  := helper (id token functions class K None) REDUCE POP
//   state    := helper (id token attributes class K [GET functions]) REDUCE POP
//   registered := _abc._abc_register (class subclass) REDUCE POP
//   body     := all attributes in their order: atoms, what cannot be set on a class
//               (placed_attributes.h), and None for what follows
//
// K is the most derived metaclass made in C, mostly type; M is ABCMeta for abstract
// base classes, else K.  The first form, with the metaclass for M, is for classes whose
// metaclass makes classes as M does.  `methods` is there when values of the state may
// need them while they are loaded. With a hook among the bases, `without_init_subclass`
// stands before the tuple, which begins with the hook's owner and what makes the class
// (runtime_helper.h).  The skeleton is in the memo before the attributes are written,
// so that they may refer to it.  Neither the user's metaclass nor __init_subclass__ nor
// __set_name__ runs again: what they did is in the attributes.
#ifndef CPPICKLE_KINDS_CLASSES_H_
#define CPPICKLE_KINDS_CLASSES_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

void save_class_by_value(stream::StreamState& state, pickling::Pickler& pickler,
                         PyObject* cls);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_CLASSES_H_
