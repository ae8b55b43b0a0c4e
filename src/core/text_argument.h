// The texts that opcodes carry, decoded.
#ifndef CPPICKLE_CORE_TEXT_ARGUMENT_H_
#define CPPICKLE_CORE_TEXT_ARGUMENT_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/opcode.h"

namespace cppickle::core {

// True for the opcodes that push a str.  (Those of Python 2's strings do by default.)
bool pushes_text(Opcode opcode);

// The str that such an opcode pushes, in UTF-8; or, for GLOBAL and INST, one of their
// lines.  Nothing when the argument is malformed, or when the encoding that the reader
// of a Python 2 string chooses would matter.
std::optional<std::string> decode_text(Opcode opcode, std::string_view argument);

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_TEXT_ARGUMENT_H_
