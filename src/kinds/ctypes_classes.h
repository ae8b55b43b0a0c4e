// Classes of ctypes: structures, unions, arrays, pointers and simple types.
//
//   array   := operator.mul (item length) REDUCE MEMOIZE     as ctypes made it
//   pointer := ctypes.POINTER (target) REDUCE MEMOIZE        the same
//   swapped := builtins.getattr (native '__ctype_be__') REDUCE MEMOIZE
//
// All others go as classes (classes.h).  Their metaclasses are made in C, mostly
// without a name that leads to them, and read such attributes as _fields_ when they
// make a class: the body has those.
#ifndef CPPICKLE_KINDS_CTYPES_CLASSES_H_
#define CPPICKLE_KINDS_CTYPES_CLASSES_H_

#include "pickling/pickler.h"

namespace cppickle::kinds {

// Writes a class in one of the forms above; false for others.
bool save_made_ctypes_class(pickling::Pickler& pickler, PyObject* cls);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_CTYPES_CLASSES_H_
