// Numpy's arrays and scalars, from their C structs, which are part of its stable ABI.
#ifndef CPPICKLE_CPYTHON_ARRAYS_H_
#define CPPICKLE_CPYTHON_ARRAYS_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "cpython/ref.h"

namespace cppickle::cpython {

// What PyArrayObject has; borrowed from the array.
// REQUIRES: nobody resizes it meanwhile.
struct ArrayView {
  const char* data;
  std::span<const Py_ssize_t> shape;
  PyObject* dtype;
  bool c_contiguous;
  bool fortran_contiguous;
  bool writeable;
  bool warns_on_write;

  std::size_t count() const;  // of items
  std::string_view bytes(std::size_t item_size) const {
    return {data, count() * item_size};
  }
};

// REQUIRES: a numpy.ndarray.
ArrayView array_view(PyObject* array);

// The most bytes that the value of a scalar of the type may have.
std::size_t scalar_room(PyTypeObject* type);
// The value of a scalar of a numeric type.
// REQUIRES: no more than scalar_room().
std::string_view scalar_bytes(PyObject* scalar, std::size_t size);

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_ARRAYS_H_
