// Bytes to opcodes and arguments, one item at a time.
#ifndef CPPICKLE_CORE_CURSOR_H_
#define CPPICKLE_CORE_CURSOR_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/fault.h"
#include "core/opcode.h"

namespace cppickle::core {

// An opcode and its argument; the field that the opcode's form of argument names is
// set, the others are empty.  The views point into the stream.
struct Item {
  Opcode opcode = Opcode::STOP;
  std::size_t position = 0;  // of the opcode, from the stream's begin
  std::int64_t integer = 0;  // kUInt1 to kUInt4, kInt4
  std::uint64_t length = 0;  // kUInt8: only FRAME has one
  double real = 0;           // kFloat8
  std::string_view text;     // kLine, the first of kTwoLines, the bytes of kCounted
  std::string_view second;   // kTwoLines
};

static_assert(std::endian::native == std::endian::little,
              "the cursor reads little-endian arguments by memcpy");

// Reads one stream from memory.  Malformed bytes are an ordinary answer.  Knows where
// items end and nothing of what they mean: whether text is text, a number a number, a
// frame in its place is the caller's matter.
//
// REQUIRES: the bytes outlive the cursor and the items.
// Thread safety: none.  One thread at a time.
class Cursor {
 public:
  explicit Cursor(std::string_view stream) : stream_(stream) {}

  // Where the next item begins.
  std::size_t position() const { return position_; }

  // How many bytes follow.
  std::size_t remaining() const { return stream_.size() - position_; }
  // Those bytes.
  std::string_view rest() const { return stream_.substr(position_); }

  // Hides what follows the next `count` bytes; answers how much that is.
  // REQUIRES: count <= remaining().
  std::size_t narrow(std::size_t count) {
    std::size_t hidden = remaining() - count;
    stream_.remove_suffix(hidden);
    return hidden;
  }
  // Shows it again.
  void widen(std::size_t hidden) {
    stream_ = std::string_view(stream_.data(), stream_.size() + hidden);
  }

  // The parts of items, for a reader that knows the opcode.  False when the bytes do
  // not suffice; then the cursor stays.
  template <typename Integer>
  bool take_fixed(Integer& value) {
    if (remaining() < sizeof value) return false;
    std::memcpy(&value, stream_.data() + position_, sizeof value);
    position_ += sizeof value;
    return true;
  }
  // REQUIRES: count <= remaining().
  void skip(std::size_t count) { position_ += count; }
  // A float is the one argument in big-endian order.
  bool take_real(double& value) {
    std::uint64_t bits;
    if (!take_fixed(bits)) return false;
    value = std::bit_cast<double>(__builtin_bswap64(bits));
    return true;
  }
  bool take_bytes(std::uint64_t count, std::string_view& bytes) {
    if (count > remaining()) return false;
    bytes = stream_.substr(position_, static_cast<std::size_t>(count));
    position_ += bytes.size();
    return true;
  }
  // Without its newline.
  bool take_line(std::string_view& line) {
    std::size_t end = stream_.find('\n', position_);
    if (end == std::string_view::npos) return false;
    line = stream_.substr(position_, end - position_);
    position_ = end + 1;
    return true;
  }

  // Reads the next item.  On a fault the cursor stays in front of it, and `item` has
  // its position and, unless that is what is wrong, its opcode.
  Fault next(Item& item);

 private:
  Fault read_argument(Argument form, Item& item);
  template <typename Integer>
  Fault read_integer(std::int64_t& value);
  Fault read_line(std::string_view& line);
  template <typename Count>
  Fault read_counted(Item& item);

  std::string_view stream_;
  std::size_t position_ = 0;
};

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_CURSOR_H_
