// How an object without its attributes is made past the constructors of its class.
#ifndef CPPICKLE_KINDS_CONSTRUCTION_H_
#define CPPICKLE_KINDS_CONSTRUCTION_H_

#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/script.h"

namespace cppickle::kinds {

// make(*arguments): __new__ of the builtin base, of the class and of what that base has
// in the object, such as the value of an int.
struct Construction {
  cpython::Ref make;
  cpython::Ref arguments;  // a tuple
};

// Runs foreign code.  Throws ErrorSet: PicklingError for objects that their builtin
// base cannot tell how to make.
Construction construction_of(pickling::Pickler& pickler, PyObject* object);

// The tuple of the arguments.
void write_arguments(pickling::Script& script, const Construction& construction);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_CONSTRUCTION_H_
