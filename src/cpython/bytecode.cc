#include "cpython/bytecode.h"

#include "cpython/python.h"
// After Python.h; its macros have the opcodes' plain names and must not reach other
// files.
#include <opcode.h>

namespace cppickle::cpython {
namespace {

constexpr std::array<Operand, 256> make_operands() {
  std::array<Operand, 256> operands{};
  operands[EXTENDED_ARG] = Operand::kExtended;
  operands[LOAD_NAME] = Operand::kGlobal;
  operands[STORE_GLOBAL] = Operand::kGlobal;
  operands[DELETE_GLOBAL] = Operand::kGlobal;
#if PY_VERSION_HEX >= 0x030b0000
  operands[LOAD_GLOBAL] = Operand::kGlobalAndBit;
#else
  operands[LOAD_GLOBAL] = Operand::kGlobal;
#endif
#if PY_VERSION_HEX >= 0x030c0000
  operands[LOAD_FROM_DICT_OR_GLOBALS] = Operand::kGlobal;
#endif
  return operands;
}

}  // namespace

constinit const std::array<Operand, 256> kOperands = make_operands();

}  // namespace cppickle::cpython
