// What makes a class again: its metaclass, or the one made in C behind it.
#ifndef CPPICKLE_KINDS_METACLASSES_H_
#define CPPICKLE_KINDS_METACLASSES_H_

#include "cpython/names.h"
#include "cpython/ref.h"
#include "pickling/script.h"

namespace cppickle::kinds {

bool is_abstract_base(PyTypeObject* type, const cpython::Names& names);

// Saves a metaclass of the class; one made in C may have no name that leads to it.
void save_metaclass(pickling::Script& script, PyTypeObject* type,
                    PyTypeObject* metaclass);

// What makes the class, and what begins its arguments: the metaclass itself, or __new__
// of the one that makes it and the metaclass.  `keywords`: a dict that it is called
// with too, or null.
void write_class_maker(pickling::Script& script, PyTypeObject* type,
                       PyObject* keywords);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_METACLASSES_H_
