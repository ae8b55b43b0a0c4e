// Objects of typing that are known by name only: type variables, aliases, NewType.
//
//   variable := helper (id make (name *constraints)) REDUCE MEMOIZE
//               (None, {'__module__': module}) BUILD
//   alias    := make (name, value) REDUCE MEMOIZE
//   NewType  := class EMPTY_TUPLE NEWOBJ MEMOIZE dict BUILD
//   make     := the class, or functools.partial of it with keywords
#ifndef CPPICKLE_BY_VALUE_TYPING_OBJECTS_H_
#define CPPICKLE_BY_VALUE_TYPING_OBJECTS_H_

#include "by_value/by_value.h"

namespace cppickle::by_value {

bool save_type_variable(ByValue& reducers, pickling::Pickler& pickler,
                        PyObject* variable);
bool save_type_alias(ByValue& reducers, pickling::Pickler& pickler, PyObject* alias);
bool save_new_type(ByValue& reducers, pickling::Pickler& pickler, PyObject* new_type);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_TYPING_OBJECTS_H_
