#include "module/sinks.h"

#include <cstring>

#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::module {

using cpython::checked;
using cpython::Ref;

core::ByteSink::Room BytesSink::grow(std::size_t size, std::size_t capacity) {
  if (capacity <= kShort) return {short_, kShort};
  auto wanted = static_cast<Py_ssize_t>(capacity);
  if (!bytes_) {
    bytes_ = checked(PyBytes_FromStringAndSize(nullptr, wanted));
    std::memcpy(PyBytes_AS_STRING(bytes_.get()), short_, size);
  } else {
    cpython::resize_bytes(bytes_, wanted);
  }
  return {PyBytes_AS_STRING(bytes_.get()), capacity};
}

Ref BytesSink::take(std::size_t size) {
  auto length = static_cast<Py_ssize_t>(size);
  if (!bytes_) return checked(PyBytes_FromStringAndSize(short_, length));
  cpython::resize_bytes(bytes_, length);
  return std::move(bytes_);
}

std::size_t FileSink::flush(std::size_t size) {
  if (size == 0) return 0;
  std::string_view written = buffer_.bytes(size);
  write(checked(
      PyBytes_FromStringAndSize(written.data(), static_cast<Py_ssize_t>(size))));
  return 0;
}

// Bytes go as they are; other buffers as a view, text as a copy: nothing else is known
// to keep it alive.
bool FileSink::write_through(std::string_view data, void* owner) {
  auto object = static_cast<PyObject*>(owner);
  if (object == nullptr || !PyObject_CheckBuffer(object)) {
    write(checked(
        PyBytes_FromStringAndSize(data.data(), static_cast<Py_ssize_t>(data.size()))));
  } else if (PyBytes_CheckExact(object)) {
    write(Ref::borrow(object));
  } else {
    write(checked(PyMemoryView_FromObject(object)));
  }
  return true;
}

void FileSink::write(Ref bytes) {
  memo_.settle();
  checked(PyObject_CallOneArg(write_, bytes.get()));
}

}  // namespace cppickle::module
