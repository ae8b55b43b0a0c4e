// A sink for texts that are of no use when they are long.
#ifndef CPPICKLE_CORE_BOUNDED_SINK_H_
#define CPPICKLE_CORE_BOUNDED_SINK_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/byte_sink.h"

namespace cppickle::core {

// Thrown when a text does not fit the bound of its sink.
struct SinkIsFull {};

// Keeps bytes in memory, up to a bound.  An emitter that begins anew on the same sink
// writes over what is there.
// Thread safety: none.  One thread at a time.
class BoundedSink final : public ByteSink {
 public:
  // `most`: bytes; a text of up to two thirds of it fits for certain.
  explicit BoundedSink(std::size_t most) : most_(most) {}

  // Throws SinkIsFull, before any memory is taken.
  Room grow(std::size_t size, std::size_t capacity) override;
  // Throws SinkIsFull for data that would not fit: it is not even read.
  bool write_through(std::string_view data, void* owner) override;

 private:
  std::size_t most_;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_BOUNDED_SINK_H_
