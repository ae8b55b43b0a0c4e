#include "cpython/arrays.h"

namespace cppickle::cpython {

namespace {

struct ArrayFields {
  PyObject head;
  char* data;
  int dimension_count;
  Py_ssize_t* dimensions;
  Py_ssize_t* strides;
  PyObject* base;
  PyObject* dtype;
  int flags;
};

constexpr int kCContiguous = 0x1;
constexpr int kFortranContiguous = 0x2;
constexpr int kWriteable = 0x400;
constexpr unsigned kWarnsOnWrite = 1U << 31;

}  // namespace

ArrayView array_view(PyObject* array) {
  auto fields = reinterpret_cast<const ArrayFields*>(array);
  return {fields->data,
          {fields->dimensions, static_cast<std::size_t>(fields->dimension_count)},
          fields->dtype,
          (fields->flags & kCContiguous) != 0,
          (fields->flags & kFortranContiguous) != 0,
          (fields->flags & kWriteable) != 0,
          (static_cast<unsigned>(fields->flags) & kWarnsOnWrite) != 0};
}

std::size_t ArrayView::count() const {
  std::size_t product = 1;
  for (Py_ssize_t length : shape) product *= static_cast<std::size_t>(length);
  return product;
}

std::size_t scalar_room(PyTypeObject* type) {
  return type->tp_itemsize != 0
             ? 0
             : static_cast<std::size_t>(type->tp_basicsize) - sizeof(PyObject);
}

std::string_view scalar_bytes(PyObject* scalar, std::size_t size) {
  return {reinterpret_cast<const char*>(scalar) + sizeof(PyObject), size};
}

}  // namespace cppickle::cpython
