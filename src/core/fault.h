// What can be wrong with the bytes of a stream.
#ifndef CPPICKLE_CORE_FAULT_H_
#define CPPICKLE_CORE_FAULT_H_

#include <cstdint>
#include <string_view>

namespace cppickle::core {

enum class Fault : std::uint8_t {
  kNone,

  // One item cannot be read (Cursor).
  kEnd,  // nothing is left; without a STOP before, the stream was cut off
  kUnknownOpcode,
  kTruncated,       // the stream ends within an argument
  kMissingNewline,  // the stream ends within a line
  kBadCount,        // a count of bytes that is negative, or more than memory could hold

  // The items make no sense together (Scanner).
  kUnknownProtocol,
  kFrameTooLong,    // a frame reaches beyond the stream's end
  kFrameInFrame,    // a frame begins before the one before it has ended
  kFrameStraddled,  // an item begins in a frame and ends beyond it
  kStackUnderflow,  // an operand is missing: no value, or a mark in its place
  kNoMark,
  kOddItems,  // keys and values are not in pairs
  kNotInMemo,
  kBadNumber,     // the text of a memo index is no number
  kBadText,       // a name is no text: quotes, escapes or UTF-8
  kBadExtension,  // extension codes are positive
};

// In words, for messages: "unknown opcode".
std::string_view describe(Fault fault);

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_FAULT_H_
