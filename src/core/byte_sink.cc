#include "core/byte_sink.h"

#include <cstring>

namespace cppickle::core {

ByteSink::~ByteSink() = default;

ByteSink::Room MemorySink::grow(std::size_t size, std::size_t capacity) {
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size != 0) std::memcpy(larger.get(), buffer_.get(), size);
  buffer_ = std::move(larger);
  return {buffer_.get(), capacity};
}

}  // namespace cppickle::core
