#include "core/fault.h"

namespace cppickle::core {

std::string_view describe(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "no fault";
    case Fault::kEnd:
      return "the stream ends without STOP";
    case Fault::kUnknownOpcode:
      return "unknown opcode";
    case Fault::kTruncated:
      return "the stream ends within an argument";
    case Fault::kMissingNewline:
      return "the stream ends within a line";
    case Fault::kBadCount:
      return "impossible count of bytes";
    case Fault::kUnknownProtocol:
      return "unknown protocol";
    case Fault::kFrameTooLong:
      return "frame is longer than the stream";
    case Fault::kFrameInFrame:
      return "frame begins within a frame";
    case Fault::kFrameStraddled:
      return "argument crosses the end of a frame";
    case Fault::kStackUnderflow:
      return "operand is missing on the stack";
    case Fault::kNoMark:
      return "no mark on the stack";
    case Fault::kOddItems:
      return "odd number of keys and values";
    case Fault::kNotInMemo:
      return "memo has no such index";
    case Fault::kBadNumber:
      return "memo index is not a number";
    case Fault::kBadText:
      return "name is not valid text";
    case Fault::kBadExtension:
      return "extension code is not positive";
  }
  return "unknown fault";
}

}  // namespace cppickle::core
