// Where dumps() and dump() let the bytes go.
#ifndef CPPICKLE_MODULE_SINKS_H_
#define CPPICKLE_MODULE_SINKS_H_

#include "core/byte_sink.h"
#include "cpython/ref.h"
#include "pickling/memo.h"

namespace cppickle::module {

// Grows the result in place: short streams in a buffer of the sink's own, longer ones
// in the bytes object.
class BytesSink final : public core::ByteSink {
 public:
  Room grow(std::size_t size, std::size_t capacity) override;
  // The stream's `size` bytes.  To be called once, at the end.
  cpython::Ref take(std::size_t size);

 private:
  static constexpr std::size_t kShort = 3072;  // bytes; most streams of one class fit

  char short_[kShort];
  cpython::Ref bytes_;
};

// Passes frames and large arguments on to a `write` callable.
class FileSink final : public core::ByteSink {
 public:
  // Borrows both for its life.  `memo` owns its keys before anything is written: that
  // runs foreign code.
  FileSink(PyObject* write, pickling::Memo& memo) : write_(write), memo_(memo) {}

  Room grow(std::size_t size, std::size_t capacity) override {
    return buffer_.grow(size, capacity);
  }
  std::size_t flush(std::size_t size) override;
  bool write_through(std::string_view data, void* owner) override;

 private:
  void write(cpython::Ref bytes);

  PyObject* write_;
  pickling::Memo& memo_;
  core::MemorySink buffer_;
};

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_SINKS_H_
