// Where an emitter's bytes go: a growing buffer in memory, which a derived class may
// pass on to a file.
#ifndef CPPICKLE_CORE_BYTE_SINK_H_
#define CPPICKLE_CORE_BYTE_SINK_H_

#include <cstddef>
#include <memory>
#include <string_view>

namespace cppickle::core {

// The bytes [begin, begin + size) are written, [.., begin + capacity) is room.
// Thread safety: none.  One thread at a time.
class ByteSink {
 public:
  struct Room {
    char* begin;           // first byte that is still held in memory
    std::size_t capacity;  // bytes from begin that may be written
  };

  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  virtual ~ByteSink();

  // Makes room for `capacity` bytes and keeps the first `size`.  Throws std::bad_alloc.
  virtual Room grow(std::size_t size, std::size_t capacity) = 0;

  // `size` bytes from begin are final.  Answers how many of them stay in memory: all of
  // them, or none when they were passed on.
  virtual std::size_t flush(std::size_t size) { return size; }

  // Passes on `data` without copying it, after everything flushed before.  Answers
  // false when this sink has nowhere to pass it on to: the emitter then copies. `owner`
  // is what keeps `data` alive, opaque here.
  virtual bool write_through(std::string_view data, void* owner) {
    (void)data;
    (void)owner;
    return false;
  }
};

// A sink that keeps all bytes in memory of its own.
class MemorySink final : public ByteSink {
 public:
  Room grow(std::size_t size, std::size_t capacity) override;
  std::string_view bytes(std::size_t size) const { return {buffer_.get(), size}; }

 private:
  std::unique_ptr<char[]> buffer_;
};

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_BYTE_SINK_H_
