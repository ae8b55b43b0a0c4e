// Owned references as a type.  A plain PyObject* is borrowed, everywhere.
#ifndef CPPICKLE_CPYTHON_REF_H_
#define CPPICKLE_CPYTHON_REF_H_

#include <utility>

#include "cpython/python.h"

namespace cppickle::cpython {

// Owns one reference, or none.  Moves are free; copies are asked for with
// `Ref::borrow`.
class Ref {
 public:
  Ref() = default;
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref&& other) noexcept {
    PyObject* old = std::exchange(object_, std::exchange(other.object_, nullptr));
    Py_XDECREF(old);
    return *this;
  }
  ~Ref() { Py_XDECREF(object_); }

  // Takes over a reference that the caller owns (null is no reference).
  static Ref steal(PyObject* object) { return Ref(object); }
  // Takes a reference of its own to a borrowed object (null is no reference).
  static Ref borrow(PyObject* object) { return Ref(Py_XNewRef(object)); }

  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }
  void reset() { *this = Ref(); }

 private:
  explicit Ref(PyObject* object) : object_(object) {}
  PyObject* object_ = nullptr;
};

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_REF_H_
