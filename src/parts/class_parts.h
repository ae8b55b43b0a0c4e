// What a class consists of, read without running its code.
#ifndef CPPICKLE_PARTS_CLASS_PARTS_H_
#define CPPICKLE_PARTS_CLASS_PARTS_H_

#include <vector>

#include "cpython/names.h"
#include "cpython/ref.h"
#include "policy/overrides.h"

namespace cppickle::parts {

struct ClassName {
  cpython::Ref module;  // a str; empty when the class has none
  cpython::Ref qualname;
};

ClassName name_of_class(PyTypeObject* type, const cpython::Names& names);

struct ClassAttribute {
  cpython::Ref name;  // a str
  cpython::Ref value;
};

// False for what the interpreter makes anew in a class's namespace: descriptors of
// slots, __dict__ and __weakref__, the caches of abstract base classes, annotations and
// copyreg, a missing docstring.
bool is_written_attribute(PyTypeObject* type, PyObject* name, PyObject* value,
                          const cpython::Names& names);

// The attributes of a class that are written, in their order.
std::vector<ClassAttribute> attributes_of_class(PyTypeObject* type,
                                                const cpython::Names& names);
// The same as an overridden _class_getstate answers them, which runs.
std::vector<ClassAttribute> attributes_from_getstate(
    PyTypeObject* type, const cpython::Names& names,
    const policy::Overrides& overrides);

// The names of members among the class's own descriptors: what an exhausted iterator in
// __slots__ gave.
cpython::Ref declared_slots(PyTypeObject* type);

// The class whose __init_subclass__ type.__new__ would run for a subclass of `type`, or
// null when it is object's or another one made in C.
PyObject* subclass_hook_owner(PyTypeObject* type, const cpython::Names& names);

}  // namespace cppickle::parts

#endif  // CPPICKLE_PARTS_CLASS_PARTS_H_
