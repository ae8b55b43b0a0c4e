// Streams that an emitter has made.
#ifndef CPPICKLE_TESTS_CORE_EMITTED_H_
#define CPPICKLE_TESTS_CORE_EMITTED_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/cursor.h"
#include "core/emitter.h"

namespace cppickle::core {

// The stream that `write(emitter)` makes.
template <typename Write>
std::string emitted(int protocol, Write write) {
  MemorySink sink;
  Emitter emitter(sink, protocol);
  emitter.start();
  write(emitter);
  emitter.finish();
  return std::string(sink.bytes(emitter.size()));
}

// What the pickler does after each object.
inline void boundary(Emitter& emitter) {
  if (emitter.frame_is_due()) emitter.commit_frame();
}

inline std::vector<std::uint64_t> frame_lengths(std::string_view stream) {
  std::vector<std::uint64_t> lengths;
  Cursor cursor(stream);
  for (Item item; cursor.next(item) == Fault::kNone;) {
    if (item.opcode == Opcode::FRAME) lengths.push_back(item.length);
  }
  return lengths;
}

}  // namespace cppickle::core

#endif  // CPPICKLE_TESTS_CORE_EMITTED_H_
