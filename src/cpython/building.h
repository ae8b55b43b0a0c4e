// Objects made of what a stream has: bytes, and references that the caller gives away.
#ifndef CPPICKLE_CPYTHON_BUILDING_H_
#define CPPICKLE_CPYTHON_BUILDING_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// The int of a two's complement, little endian.
Ref long_from_bytes(std::string_view bytes);

// A str of UTF-8, in which surrogates may stand.
Ref str_from_utf8(std::string_view text);

inline bool is_ascii(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
  std::uint64_t high = 0;
  for (; end - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    high |= word;
  }
  if (end - at >= 4) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    high |= word;
    at += 4;
  }
  for (; at != end; ++at) high |= static_cast<std::uint64_t>(*at & 0x80);
  return (high & 0x8080808080808080) == 0;
}

// A tuple that takes over the references.
inline Ref tuple_of_stolen(PyObject* const* items, std::size_t count) {
  Ref tuple = checked(PyTuple_New(static_cast<Py_ssize_t>(count)));
  auto made = reinterpret_cast<PyTupleObject*>(tuple.get());
  if (count != 0) std::memcpy(made->ob_item, items, count * sizeof *items);
  return tuple;
}

// Appends to an exact list, which takes over the references; on an error none of them.
void extend_list(PyObject* list, PyObject* const* items, std::size_t count);

// A read-only view of what a memoryview can be made of; the object itself when it is
// read-only already.
Ref readonly_buffer(PyObject* object);

// Releases a memoryview of memory.  False where another view of that memory is left.
bool release_view(PyObject* view, PyObject* release_name);

// Interns an exact str in the place of `name`.
inline void intern(Ref& name) {
  PyObject* text = name.release();
  PyUnicode_InternInPlace(&text);
  name = Ref::steal(text);
}

// Whether the hash of a tuple is computed once.
inline constexpr bool kTuplesKeepHashes = PY_VERSION_HEX >= 0x030e0000;

// True for instances of `type` that object.__new__() alone makes, without arguments.
inline bool is_made_by_object(PyTypeObject* type) {
  return type->tp_new == PyBaseObject_Type.tp_new;
}

// True for instances whose attributes are in the __dict__ that their class statement
// gave them; `dict_name` is "__dict__".
bool has_plain_dict(PyTypeObject* type, PyObject* dict_name);

// --- What the standard unpickler of this version says --------------------------------

// For an attribute that a module does not have; `dotted`: the name is a path.
[[noreturn]] void raise_missing_global(PyObject* module, PyObject* module_name,
                                       PyObject* name, bool dotted);
// A path with this in it leads into a function.
bool has_locals(PyObject* name);

inline constexpr char kNoPersistentLoad[] =
    "A load persistent id instruction was encountered,"
#if PY_VERSION_HEX >= 0x030c0000
    " "
#else
    "\n"
#endif
    "but no persistent_load function was specified.";
// Whether a persistent id is read, or taken from the stack, where nothing loads it.
inline constexpr bool kReadsUnusedIds = PY_VERSION_HEX >= 0x030d0000;
// Whether BINSTRING's count has a sign.
inline constexpr bool kStringCountsAreSigned = PY_VERSION_HEX >= 0x030e0000;

// Whether items must end where their frame does, also in memory.
inline constexpr bool kFramesAreBorders = PY_VERSION_HEX >= 0x030e0000;
// The base of the integers of protocol 0; 0: as in source code.
inline constexpr int kBaseOfIntegers = PY_VERSION_HEX >= 0x030e0000 ? 10 : 0;
// Whether only 00 and 01 are False and True, and not " 0" or "+1".
inline constexpr bool kBoolsArePadded = PY_VERSION_HEX >= 0x030f0000;
// Whether a container has to know how to take items where there are none (CPython's
// issue 135573).
inline constexpr bool kAsksForNoItems = PY_VERSION_HEX >= 0x030f0000;
// Whether operands that STACK_GLOBAL misses are told from those of another type.
inline constexpr bool kCountsNames = PY_VERSION_HEX >= 0x030b0000;

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_BUILDING_H_
