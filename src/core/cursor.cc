#include "core/cursor.h"

#include <limits>
#include <optional>

namespace cppickle::core {
namespace {

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
      return take_fixed(item.length) ? Fault::kNone : Fault::kTruncated;
    case Argument::kInt4:
      return read_integer<std::int32_t>(item.integer);
    case Argument::kFloat8:
      return take_real(item.real) ? Fault::kNone : Fault::kTruncated;
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
Fault Cursor::read_integer(std::int64_t& value) {
  Integer narrow = 0;
  bool taken = take_fixed(narrow);
  value = narrow;
  return taken ? Fault::kNone : Fault::kTruncated;
}

Fault Cursor::read_line(std::string_view& line) {
  return take_line(line) ? Fault::kNone : Fault::kMissingNewline;
}

template <typename Count>
Fault Cursor::read_counted(Item& item) {
  Count count = 0;
  if (!take_fixed(count)) return Fault::kTruncated;
  if (count > largest_count(item.opcode)) return Fault::kBadCount;
  return take_bytes(count, item.text) ? Fault::kNone : Fault::kTruncated;
}

}  // namespace cppickle::core
