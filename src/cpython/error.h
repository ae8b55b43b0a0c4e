// Python errors in C++: the error stays set in the interpreter, an empty tag is thrown.
#ifndef CPPICKLE_CPYTHON_ERROR_H_
#define CPPICKLE_CPYTHON_ERROR_H_

#include <new>

#include "cpython/ref.h"

namespace cppickle::cpython {

// A Python error is set.  Carries nothing.
struct ErrorSet {};

// Throws ErrorSet unless `object` is a new reference; answers it owned.
inline Ref checked(PyObject* object) {
  if (object == nullptr) throw ErrorSet{};
  return Ref::steal(object);
}

// Throws ErrorSet when a C API call answered a negative status; answers the status.
inline int checked_status(int status) {
  if (status < 0) throw ErrorSet{};
  return status;
}

// For calls that answer a borrowed reference or null, with or without an error set.
inline PyObject* checked_lookup(PyObject* object) {
  if (object == nullptr && PyErr_Occurred()) throw ErrorSet{};
  return object;
}

// Sets an error and throws.
[[noreturn]] inline void raise(PyObject* type, const char* message) {
  PyErr_SetString(type, message);
  throw ErrorSet{};
}
template <typename... Args>
[[noreturn]] void raise_format(PyObject* type, const char* format, Args... args) {
  PyErr_Format(type, format, args...);
  throw ErrorSet{};
}

// Runs `body` at a C slot: the only place where C++ exceptions end.  Answers `failure`
// with a Python error set when one was thrown.
template <typename Result, typename Body>
Result guarded(Result failure, Body&& body) noexcept {
  try {
    return body();
  } catch (const ErrorSet&) {
    return failure;
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
    return failure;
  }
}

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_ERROR_H_
