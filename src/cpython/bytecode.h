// The instructions that reach a global by name, out of unspecialised bytecode.
#ifndef CPPICKLE_CPYTHON_BYTECODE_H_
#define CPPICKLE_CPYTHON_BYTECODE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cppickle::cpython {

// What an instruction's argument is to the scan.
enum class Operand : std::uint8_t {
  kOther,         // nothing of interest (inline cache entries, too: their opcode is 0)
  kExtended,      // the upper bits of the next instruction's argument
  kGlobal,        // an index into co_names
  kGlobalAndBit,  // the same, above a flag in the lowest bit
};
extern const std::array<Operand, 256> kOperands;  // by opcode of this interpreter

// Calls visit(index into co_names) for each instruction that loads, stores or deletes a
// global, or that may: a class body loads its names from its own namespace first.
template <typename Visit>
void for_each_global(std::string_view bytecode, Visit visit) {
  std::size_t argument = 0;
  for (std::size_t i = 0; i + 1 < bytecode.size(); i += 2) {
    argument = argument << 8 | static_cast<std::uint8_t>(bytecode[i + 1]);
    switch (kOperands[static_cast<std::uint8_t>(bytecode[i])]) {
      case Operand::kExtended:
        continue;
      case Operand::kGlobal:
        visit(argument);
        break;
      case Operand::kGlobalAndBit:
        visit(argument >> 1);
        break;
      case Operand::kOther:
        break;
    }
    argument = 0;
  }
}

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_BYTECODE_H_
