#include "core/opcode.h"

#include <array>

namespace cppickle::core {
namespace {

struct Row {
  Opcode opcode;
  OpcodeInfo info;
};

using enum Argument;

constexpr Row kRows[] = {
    {Opcode::MARK, {"MARK", kNone, 0}},
    {Opcode::STOP, {"STOP", kNone, 0}},
    {Opcode::POP, {"POP", kNone, 0}},
    {Opcode::POP_MARK, {"POP_MARK", kNone, 1}},
    {Opcode::DUP, {"DUP", kNone, 0}},
    {Opcode::FLOAT, {"FLOAT", kLine, 0}},
    {Opcode::INT, {"INT", kLine, 0}},
    {Opcode::BININT, {"BININT", kInt4, 1}},
    {Opcode::BININT1, {"BININT1", kUInt1, 1}},
    {Opcode::LONG, {"LONG", kLine, 0}},
    {Opcode::BININT2, {"BININT2", kUInt2, 1}},
    {Opcode::NONE, {"NONE", kNone, 0}},
    {Opcode::PERSID, {"PERSID", kLine, 0}},
    {Opcode::BINPERSID, {"BINPERSID", kNone, 1}},
    {Opcode::REDUCE, {"REDUCE", kNone, 0}},
    {Opcode::STRING, {"STRING", kLine, 0}},
    {Opcode::BINSTRING, {"BINSTRING", kCounted4, 1}},
    {Opcode::SHORT_BINSTRING, {"SHORT_BINSTRING", kCounted1, 1}},
    {Opcode::UNICODE, {"UNICODE", kLine, 0}},
    {Opcode::BINUNICODE, {"BINUNICODE", kCounted4, 1}},
    {Opcode::APPEND, {"APPEND", kNone, 0}},
    {Opcode::BUILD, {"BUILD", kNone, 0}},
    {Opcode::GLOBAL, {"GLOBAL", kTwoLines, 0}},
    {Opcode::DICT, {"DICT", kNone, 0}},
    {Opcode::EMPTY_DICT, {"EMPTY_DICT", kNone, 1}},
    {Opcode::APPENDS, {"APPENDS", kNone, 1}},
    {Opcode::GET, {"GET", kLine, 0}},
    {Opcode::BINGET, {"BINGET", kUInt1, 1}},
    {Opcode::INST, {"INST", kTwoLines, 0}},
    {Opcode::LONG_BINGET, {"LONG_BINGET", kUInt4, 1}},
    {Opcode::LIST, {"LIST", kNone, 0}},
    {Opcode::EMPTY_LIST, {"EMPTY_LIST", kNone, 1}},
    {Opcode::OBJ, {"OBJ", kNone, 1}},
    {Opcode::PUT, {"PUT", kLine, 0}},
    {Opcode::BINPUT, {"BINPUT", kUInt1, 1}},
    {Opcode::LONG_BINPUT, {"LONG_BINPUT", kUInt4, 1}},
    {Opcode::SETITEM, {"SETITEM", kNone, 0}},
    {Opcode::TUPLE, {"TUPLE", kNone, 0}},
    {Opcode::EMPTY_TUPLE, {"EMPTY_TUPLE", kNone, 1}},
    {Opcode::SETITEMS, {"SETITEMS", kNone, 1}},
    {Opcode::BINFLOAT, {"BINFLOAT", kFloat8, 1}},
    {Opcode::PROTO, {"PROTO", kUInt1, 2}},
    {Opcode::NEWOBJ, {"NEWOBJ", kNone, 2}},
    {Opcode::EXT1, {"EXT1", kUInt1, 2}},
    {Opcode::EXT2, {"EXT2", kUInt2, 2}},
    {Opcode::EXT4, {"EXT4", kInt4, 2}},
    {Opcode::TUPLE1, {"TUPLE1", kNone, 2}},
    {Opcode::TUPLE2, {"TUPLE2", kNone, 2}},
    {Opcode::TUPLE3, {"TUPLE3", kNone, 2}},
    {Opcode::NEWTRUE, {"NEWTRUE", kNone, 2}},
    {Opcode::NEWFALSE, {"NEWFALSE", kNone, 2}},
    {Opcode::LONG1, {"LONG1", kCounted1, 2}},
    {Opcode::LONG4, {"LONG4", kCounted4, 2}},
    {Opcode::BINBYTES, {"BINBYTES", kCounted4, 3}},
    {Opcode::SHORT_BINBYTES, {"SHORT_BINBYTES", kCounted1, 3}},
    {Opcode::SHORT_BINUNICODE, {"SHORT_BINUNICODE", kCounted1, 4}},
    {Opcode::BINUNICODE8, {"BINUNICODE8", kCounted8, 4}},
    {Opcode::BINBYTES8, {"BINBYTES8", kCounted8, 4}},
    {Opcode::EMPTY_SET, {"EMPTY_SET", kNone, 4}},
    {Opcode::ADDITEMS, {"ADDITEMS", kNone, 4}},
    {Opcode::FROZENSET, {"FROZENSET", kNone, 4}},
    {Opcode::NEWOBJ_EX, {"NEWOBJ_EX", kNone, 4}},
    {Opcode::STACK_GLOBAL, {"STACK_GLOBAL", kNone, 4}},
    {Opcode::MEMOIZE, {"MEMOIZE", kNone, 4}},
    {Opcode::FRAME, {"FRAME", kUInt8, 4}},
    {Opcode::BYTEARRAY8, {"BYTEARRAY8", kCounted8, 5}},
    {Opcode::NEXT_BUFFER, {"NEXT_BUFFER", kNone, 5}},
    {Opcode::READONLY_BUFFER, {"READONLY_BUFFER", kNone, 5}},
};

constexpr std::array<std::optional<OpcodeInfo>, 256> by_byte() {
  std::array<std::optional<OpcodeInfo>, 256> table;
  for (const Row& row : kRows) table[static_cast<std::uint8_t>(row.opcode)] = row.info;
  return table;
}

constexpr std::array<std::optional<OpcodeInfo>, 256> kByByte = by_byte();

}  // namespace

std::optional<OpcodeInfo> opcode_info(std::uint8_t byte) { return kByByte[byte]; }

}  // namespace cppickle::core
