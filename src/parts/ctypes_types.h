// Classes of ctypes, recognised by their metaclasses and attributes.
#ifndef CPPICKLE_PARTS_CTYPES_TYPES_H_
#define CPPICKLE_PARTS_CTYPES_TYPES_H_

#include "cpython/names.h"

namespace cppickle::parts {

bool is_ctypes_class(PyTypeObject* type);
// True for the attributes of a class of ctypes that its metaclass reads.
bool is_read_by_ctypes(PyObject* name);
// True for _fields_ that lead back to the class, by way of pointers: they can be set
// only when the class is there.
bool is_recursive_field_list(PyTypeObject* type, PyObject* name, PyObject* value,
                             const cpython::Names& names);
// True for the descriptor of a field, which the metaclass makes.
bool is_ctypes_field(PyObject* value);

}  // namespace cppickle::parts

#endif  // CPPICKLE_PARTS_CTYPES_TYPES_H_
