// Classes by value, enumerations among them.
//
//   class    := helper (id None K.__new__ (metaclass name bases body) [{} hook_owner]) REDUCE MEMOIZE
//               [helper (id token K.__setattr__ class attributes [calls]) REDUCE POP]
//   body     := dict of all attributes in their order: atoms as they are, None for what follows
//   member   := helper (name class make arguments attributes) REDUCE MEMOIZE
//   K        := the most derived metaclass made in C, mostly type
//
// The skeleton is in the memo before the attributes are written, so that they may refer to it.  Neither the user's
// metaclass nor __init_subclass__ nor __set_name__ runs again: what they did is in the attributes.
#ifndef CPPICKLE_BY_VALUE_CLASSES_H_
#define CPPICKLE_BY_VALUE_CLASSES_H_

#include "by_value/by_value.h"

namespace cppickle::by_value {

void save_class_by_value(ByValue& reducers, pickling::Pickler& pickler, PyObject* cls);

// True when save_class() would write the class by value.
bool travels_by_value(ByValue& reducers, pickling::Pickler& pickler, PyObject* cls);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_CLASSES_H_
