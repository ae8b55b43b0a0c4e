#include "core/cursor.h"

#include <bit>
#include <cstring>
#include <limits>
#include <optional>

namespace cppickle::core {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the cursor reads little-endian arguments by memcpy");

// The most bytes that an object can have.  Two old opcodes have signed counts.
std::uint64_t largest_count(Opcode opcode) {
  bool is_signed = opcode == Opcode::BINSTRING || opcode == Opcode::LONG4;
  return is_signed ? std::numeric_limits<std::int32_t>::max()
                   : std::numeric_limits<std::ptrdiff_t>::max();
}

}  // namespace

Fault Cursor::next(Item& item) {
  item = Item();
  item.position = position_;
  if (position_ == stream_.size()) return Fault::kEnd;
  auto byte = static_cast<std::uint8_t>(stream_[position_]);
  std::optional<OpcodeInfo> info = opcode_info(byte);
  if (!info) return Fault::kUnknownOpcode;
  item.opcode = static_cast<Opcode>(byte);
  ++position_;
  Fault fault = read_argument(info->argument, item);
  if (fault != Fault::kNone) position_ = item.position;
  return fault;
}

Fault Cursor::read_argument(Argument form, Item& item) {
  switch (form) {
    case Argument::kNone:
      return Fault::kNone;
    case Argument::kUInt1:
      return read_integer<std::uint8_t>(item.integer);
    case Argument::kUInt2:
      return read_integer<std::uint16_t>(item.integer);
    case Argument::kUInt4:
      return read_integer<std::uint32_t>(item.integer);
    case Argument::kUInt8:
      return read_fixed(item.length);
    case Argument::kInt4:
      return read_integer<std::int32_t>(item.integer);
    case Argument::kFloat8:
      return read_real(item.real);
    case Argument::kLine:
      return read_line(item.text);
    case Argument::kTwoLines: {
      Fault fault = read_line(item.text);
      return fault == Fault::kNone ? read_line(item.second) : fault;
    }
    case Argument::kCounted1:
      return read_counted<std::uint8_t>(item);
    case Argument::kCounted4:
      return read_counted<std::uint32_t>(item);
    case Argument::kCounted8:
      return read_counted<std::uint64_t>(item);
  }
  return Fault::kUnknownOpcode;
}

template <typename Integer>
Fault Cursor::read_fixed(Integer& value) {
  if (stream_.size() - position_ < sizeof value) return Fault::kTruncated;
  std::memcpy(&value, stream_.data() + position_, sizeof value);
  position_ += sizeof value;
  return Fault::kNone;
}

template <typename Integer>
Fault Cursor::read_integer(std::int64_t& value) {
  Integer narrow = 0;
  Fault fault = read_fixed(narrow);
  value = narrow;
  return fault;
}

Fault Cursor::read_real(double& value) {
  std::uint64_t bits = 0;
  Fault fault = read_fixed(bits);
  value = std::bit_cast<double>(__builtin_bswap64(bits));
  return fault;
}

Fault Cursor::read_line(std::string_view& line) {
  std::size_t end = stream_.find('\n', position_);
  if (end == std::string_view::npos) return Fault::kMissingNewline;
  line = stream_.substr(position_, end - position_);
  position_ = end + 1;
  return Fault::kNone;
}

template <typename Count>
Fault Cursor::read_counted(Item& item) {
  Count count = 0;
  Fault fault = read_fixed(count);
  if (fault != Fault::kNone) return fault;
  if (count > largest_count(item.opcode)) return Fault::kBadCount;
  if (count > stream_.size() - position_) return Fault::kTruncated;
  item.text = stream_.substr(position_, static_cast<std::size_t>(count));
  position_ += item.text.size();
  return Fault::kNone;
}

}  // namespace cppickle::core
