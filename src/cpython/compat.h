// Everything that differs between CPython versions or is not in the stable or public API.
#ifndef CPPICKLE_CPYTHON_COMPAT_H_
#define CPPICKLE_CPYTHON_COMPAT_H_

#include <string_view>

#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// --- References -------------------------------------------------------------------------------------------

// True when the only reference to `object` is the one that its container holds.
inline bool is_sole_reference(PyObject* object) { return Py_REFCNT(object) == 1; }

// --- Attributes -------------------------------------------------------------------------------------------

// The attribute, or an empty Ref when there is none (AttributeError does not surface).  Runs foreign code.
Ref lookup_attribute(PyObject* object, PyObject* name);
// The attribute of the type along its MRO without descriptors or __getattr__; borrowed or null.
PyObject* type_lookup(PyTypeObject* type, PyObject* name);
// A type's own namespace; borrowed, never null for a ready type.  Static builtin types included.
PyObject* type_dict(PyTypeObject* type);
// True when a call to object's own method would be made: `name` along the MRO is what `object` defines.
bool is_objects_own(PyTypeObject* type, PyObject* name);
// The instance's __dict__ (made when it is lazy), borrowed or null when its type has none.
Ref instance_dict(PyObject* object);

// --- Integers, sets, interpreter --------------------------------------------------------------------------

// The two's complement of `value`, little endian, of the fewest bytes.  `out` has long_byte_count bytes.
std::size_t long_byte_count(PyObject* value);
void long_as_bytes(PyObject* value, char* out, std::size_t count);
// The value when it is a compact int that fits 32 bits; false when another way is needed.
bool small_int(PyObject* value, std::int32_t& out);

// PyDict_Next for sets.  `position` starts at 0; `item` is borrowed.
bool set_next(PyObject* set, Py_ssize_t* position, PyObject** item);

// importlib.util.MAGIC_NUMBER of this interpreter: 4 bytes.
std::string_view bytecode_magic();

// PyErr_GetRaisedException and PyErr_SetRaisedException for all versions: the exception is normalised and has
// its traceback.
Ref take_raised();
void set_raised(Ref exception);

// sys.modules; borrowed.
PyObject* loaded_modules();

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_COMPAT_H_
