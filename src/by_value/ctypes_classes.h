// Classes of ctypes: structures, unions, arrays, pointers and simple types.
//
//   array   := operator.mul (item length) REDUCE MEMOIZE     as ctypes made it
//   pointer := ctypes.POINTER (target) REDUCE MEMOIZE        the same
//   swapped := builtins.getattr (native '__ctype_be__') REDUCE MEMOIZE
//
// All others go as classes (classes.h).  Their metaclasses are made in C, mostly
// without a name that leads to them, and read such attributes as _fields_ when they
// make a class: the body has those.
#ifndef CPPICKLE_BY_VALUE_CTYPES_CLASSES_H_
#define CPPICKLE_BY_VALUE_CTYPES_CLASSES_H_

#include "by_value/by_value.h"

namespace cppickle::by_value {

// Writes a class in one of the forms above; false for others.
bool save_made_ctypes_class(pickling::Pickler& pickler, PyObject* cls);

bool is_ctypes_class(PyTypeObject* type);
// True for the attributes of a class of ctypes that its metaclass reads.
bool is_read_by_ctypes(PyObject* name);
// True for _fields_ that lead back to the class, by way of pointers: they can be set
// only when the class is there.
bool is_recursive_field_list(PyTypeObject* type, PyObject* name, PyObject* value,
                             const cpython::Names& names);
// True for the descriptor of a field, which the metaclass makes.
bool is_ctypes_field(PyObject* value);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_CTYPES_CLASSES_H_
