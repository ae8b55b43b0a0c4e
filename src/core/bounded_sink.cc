#include "core/bounded_sink.h"

#include <cstring>
#include <utility>

namespace cppickle::core {

ByteSink::Room BoundedSink::grow(std::size_t size, std::size_t capacity) {
  if (capacity > most_) throw SinkIsFull{};
  if (capacity > capacity_) {
    auto wider = std::make_unique_for_overwrite<char[]>(capacity);
    if (size != 0) std::memcpy(wider.get(), buffer_.get(), size);
    buffer_ = std::move(wider);
    capacity_ = capacity;
  }
  return {buffer_.get(), capacity_};
}

bool BoundedSink::write_through(std::string_view data, void*) {
  // A class that names a large array costs no copy of it: its bytes are not looked at.
  if (data.size() > most_) throw SinkIsFull{};
  return false;
}

}  // namespace cppickle::core
