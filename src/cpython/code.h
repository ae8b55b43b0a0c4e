// Code objects, the same for every CPython version.
#ifndef CPPICKLE_CPYTHON_CODE_H_
#define CPPICKLE_CPYTHON_CODE_H_

#include <cstddef>
#include <cstdint>

#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// --- Fields ------------------------------------------------------------------------

// One field of a code object.
struct CodeField {
  enum class Kind : std::uint8_t {
    kNumber,    // `number`
    kBytecode,  // unspecialised_bytecode()
    kObject,    // a tuple of names, the constants, or bytes
    kName,      // the name or the qualified name
    kFilename,
  };
  Kind kind;
  int number;
  PyObject* object;  // borrowed; null for a number and for the bytecode
};

// The fields that marshal writes, by their place in its order.
inline constexpr std::size_t kCodeFieldCount = 16;
CodeField code_field(PyObject* code, std::size_t place);

// The instructions as the compiler made them, without specialisation, instrumentation
// and the contents of inline caches: bytes, as `code.co_code`.
Ref unspecialised_bytecode(PyObject* code);

// Borrowed; never null.
PyObject* code_names(PyObject* code);      // tuple of interned str
PyObject* code_constants(PyObject* code);  // tuple
PyObject* code_qualname(PyObject* code);   // up to 3.10 the plain name

// Tuple of interned str: the names whose cells the function's __closure__ holds.
Ref code_free_variables(PyObject* code);

// A copy of the code with other constants.  Runs foreign code (audit hooks).
Ref code_with_constants(PyObject* code, PyObject* constants);

// True for code that C code has made to be shown in a traceback (PyCode_NewEmpty, as
// Cython does): it names nothing, so it cannot have raised anything.
bool is_made_for_tracebacks(PyObject* code);

// A copy of the code that maps no instruction to a line.
Ref code_without_lines(PyObject* code);

// --- Extra slots -------------------------------------------------------------------

// A slot in every code object for an owner's data, which `release` frees together with
// the code object (it is called with null, too).  The same slot for each call with this
// `release` in this interpreter: an interpreter has only 255.
Py_ssize_t request_code_extra(freefunc release);

// What the slot holds; null at first.
void* code_extra(PyObject* code, Py_ssize_t slot);
// Fills the slot; what it held before is released.  Runs no foreign code.
void set_code_extra(PyObject* code, Py_ssize_t slot, void* extra);

// --- What marshal.loads of this interpreter accepts --------------------------------

inline constexpr bool kMarshalReadsSlices = PY_VERSION_HEX >= 0x030e0000;
#ifdef MS_WINDOWS
inline constexpr int kMarshalDepth = 1000;
#else
inline constexpr int kMarshalDepth = 2000;
#endif

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_CODE_H_
