// What a stream is made of, found without loading it.
#ifndef CPPICKLE_CORE_SCANNER_H_
#define CPPICKLE_CORE_SCANNER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "core/opcode.h"

namespace cppickle::core {

// A global that a stream names, in the stream's order and as often as it does.
struct NamedGlobal {
  std::size_t position;  // of the opcode
  Opcode opcode;         // GLOBAL, INST or STACK_GLOBAL
  bool known;            // false when STACK_GLOBAL's operands are no plain strings
  std::string module;    // UTF-8; empty when not known
  std::string name;      // the qualified name, likewise
};

// An object that a stream names by its code in copyreg's extension registry.
struct NamedExtension {
  std::size_t position;
  std::int32_t code;
};

struct Scan {
  // What is wrong first.  All that follows is about the items before that one.
  Fault fault = Fault::kNone;
  // Where the faulty item begins; without a fault where the stream ends, behind its
  // STOP.
  std::size_t position = 0;

  int protocol = 0;         // what PROTO says
  int needed_protocol = 0;  // the first one that has all opcodes used
  std::vector<NamedGlobal> globals;
  std::vector<NamedExtension> extensions;
  std::array<std::size_t, 256> counts{};  // items, by opcode

  std::size_t count(Opcode opcode) const {
    return counts[static_cast<std::uint8_t>(opcode)];
  }
};

// Walks over one stream up to its STOP; what follows is not looked at.  Checks what the
// unpickler would run into whatever the objects are: items, frames, operands, marks,
// the memo.  In doubt it is stricter than CPython's two unpicklers: items must not
// cross the end of a frame, and memo indexes are nothing but digits.  Other numbers are
// not looked at.
//
// Memory grows with the stack and the memo, hence at most with the stream.
Scan scan(std::string_view stream);

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_SCANNER_H_
