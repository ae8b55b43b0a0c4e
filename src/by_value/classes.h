// Classes by value, enumerations among them.
//
//   class    := helper (objects id K.__new__ (metaclass name bases body)) REDUCE
//   MEMOIZE
//               [helper (tokens id K.__setattr__ class token attributes) REDUCE POP]
//               [_abc._abc_register (class subclass) REDUCE POP]..
//   body     := dict of all attributes in their order: atoms as they are, None for what
//   follows K        := the most derived metaclass made in C, mostly type; ABCMeta for
//   abstract base classes
//
// A class with a hook among its bases is made by helper2 (owner K.__new__ metaclass
// name bases body): see helper.h. The skeleton is in the memo before the attributes are
// written, so that they may refer to it.  Neither the user's metaclass nor
// __init_subclass__ nor __set_name__ runs again: what they did is in the attributes.
#ifndef CPPICKLE_BY_VALUE_CLASSES_H_
#define CPPICKLE_BY_VALUE_CLASSES_H_

#include "by_value/by_value.h"

namespace cppickle::by_value {

void save_class_by_value(ByValue& reducers, pickling::Pickler& pickler, PyObject* cls);

// True when save_class() would write the class by value.
bool travels_by_value(ByValue& reducers, pickling::Pickler& pickler, PyObject* cls);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_CLASSES_H_
