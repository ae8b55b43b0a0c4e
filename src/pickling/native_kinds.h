// Which types are reduced by methods of the library that the engine knows.
#ifndef CPPICKLE_PICKLING_NATIVE_KINDS_H_
#define CPPICKLE_PICKLING_NATIVE_KINDS_H_

#include <cstdint>
#include <string_view>

#include "cpython/names.h"
#include "cpython/ref.h"

namespace cppickle::pickling {

// Where in an object the parts of its reduce value are.
enum class NativeKind : std::uint8_t {
  kNone,        // ask the object
  kMembers,     // cls(*members)
  kListMember,  // cls(*list), which a member holds
  kItems,       // cls.__new__(cls, *items) of a named tuple
  kText,        // cls(str(object))
  kComplex,     // cls(real, imaginary), as a registered reducer has it
  kState,       // cls.__new__(cls), {key: member}, where the other is as it was
  kDeque,       // cls() or cls((), maxlen), and the items
  kScalar,      // callable(dtype, bytes)
  kArray,       // callable(buffer, dtype, shape, order)
};

// A method written in Python whose answer consists of members.
struct LibraryMethod {
  const char* module;
  const char* qualname;
  NativeKind kind;
  const char* members[2];
};

// What instances of the type may be reduced by.  Runs no foreign code.
NativeKind native_kind(PyTypeObject* type, const cpython::Names& names);

// The method of the library by which instances answer, or null.
const LibraryMethod* method_of(PyTypeObject* type, const cpython::Names& names);

// True for a function that the module's own file has defined under the name.
bool is_modules_own(PyObject* function, const char* module, const char* qualname);

// The namespace of a loaded module, or null.
PyObject* module_dict(PyObject* name);
PyObject* module_dict(const char* name);

bool is_text(PyObject* object, std::string_view text);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_NATIVE_KINDS_H_
