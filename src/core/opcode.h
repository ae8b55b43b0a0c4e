// The pickle opcodes, protocols 0 to 5: the one table that writer, reader and scanner
// share.
//
// A stream is
//
//   stream   := [PROTO version] item* STOP
//   item     := opcode argument
//   frame    := FRAME length item*       protocol >= 4; length: of the items, 8 bytes
//
// and an argument is one of the forms of `Argument`.  Names and meaning: PEP 307, PEP
// 3154, PEP 574 and Lib/pickletools.py of CPython.
#ifndef CPPICKLE_CORE_OPCODE_H_
#define CPPICKLE_CORE_OPCODE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cppickle::core {

enum class Opcode : std::uint8_t {
  MARK = '(',
  STOP = '.',
  POP = '0',
  POP_MARK = '1',
  DUP = '2',
  FLOAT = 'F',
  INT = 'I',
  BININT = 'J',
  BININT1 = 'K',
  LONG = 'L',
  BININT2 = 'M',
  NONE = 'N',
  PERSID = 'P',
  BINPERSID = 'Q',
  REDUCE = 'R',
  STRING = 'S',
  BINSTRING = 'T',
  SHORT_BINSTRING = 'U',
  UNICODE = 'V',
  BINUNICODE = 'X',
  APPEND = 'a',
  BUILD = 'b',
  GLOBAL = 'c',
  DICT = 'd',
  EMPTY_DICT = '}',
  APPENDS = 'e',
  GET = 'g',
  BINGET = 'h',
  INST = 'i',
  LONG_BINGET = 'j',
  LIST = 'l',
  EMPTY_LIST = ']',
  OBJ = 'o',
  PUT = 'p',
  BINPUT = 'q',
  LONG_BINPUT = 'r',
  SETITEM = 's',
  TUPLE = 't',
  EMPTY_TUPLE = ')',
  SETITEMS = 'u',
  BINFLOAT = 'G',
  PROTO = 0x80,
  NEWOBJ = 0x81,
  EXT1 = 0x82,
  EXT2 = 0x83,
  EXT4 = 0x84,
  TUPLE1 = 0x85,
  TUPLE2 = 0x86,
  TUPLE3 = 0x87,
  NEWTRUE = 0x88,
  NEWFALSE = 0x89,
  LONG1 = 0x8a,
  LONG4 = 0x8b,
  BINBYTES = 'B',
  SHORT_BINBYTES = 'C',
  SHORT_BINUNICODE = 0x8c,
  BINUNICODE8 = 0x8d,
  BINBYTES8 = 0x8e,
  EMPTY_SET = 0x8f,
  ADDITEMS = 0x90,
  FROZENSET = 0x91,
  NEWOBJ_EX = 0x92,
  STACK_GLOBAL = 0x93,
  MEMOIZE = 0x94,
  FRAME = 0x95,
  BYTEARRAY8 = 0x96,
  NEXT_BUFFER = 0x97,
  READONLY_BUFFER = 0x98,
};

// How the argument that follows an opcode is laid out.
enum class Argument : std::uint8_t {
  kNone,   // no argument
  kUInt1,  // 1, 2, 4 or 8 bytes, unsigned, little endian
  kUInt2,
  kUInt4,
  kUInt8,
  kInt4,      // 4 bytes, two's complement, little endian
  kFloat8,    // IEEE 754 binary64, big endian
  kLine,      // text up to a newline
  kTwoLines,  // two such texts
  kCounted1,  // a kUInt1, kUInt4 or kUInt8 count and as many bytes
  kCounted4,
  kCounted8,
};

struct OpcodeInfo {
  std::string_view name;  // as in pickletools
  Argument argument;
  int protocol;  // the first protocol that has it
};

// The table's row of a byte, or nothing when no opcode has this value.
std::optional<OpcodeInfo> opcode_info(std::uint8_t byte);

inline constexpr int kHighestProtocol = 5;
inline constexpr std::size_t kFrameHeaderSize = 9;  // FRAME and its length
inline constexpr std::size_t kFrameSizeMin = 4;     // shorter frames get no header
// FRAME_SIZE_TARGET and BATCHSIZE of Modules/_pickle.c.
inline constexpr std::size_t kFrameSizeTarget = 64 * 1024;
inline constexpr std::uint32_t kBatchSize = 1000;

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_OPCODE_H_
