// Streams for the tests: put together from pieces, and as CPython's pickler wrote them.
#ifndef CPPICKLE_TESTS_CORE_STREAMS_H_
#define CPPICKLE_TESTS_CORE_STREAMS_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/opcode.h"

namespace cppickle::core {

using namespace std::string_literals;
using namespace std::string_view_literals;

inline std::string piece(Opcode opcode) {
  return std::string(1, static_cast<char>(opcode));
}
inline std::string piece(std::string_view bytes) { return std::string(bytes); }

// Opcodes and arguments, one after the other.
template <typename... Pieces>
std::string stream_of(const Pieces&... pieces) {
  return (std::string() + ... + piece(pieces));
}

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> 8 * i));
  return out;
}

// A frame around `items`.
inline std::string frame_of(std::string_view items) {
  return stream_of(Opcode::FRAME, little_endian(items.size(), 8), items);
}

// pickle.dumps(sample, protocol) of
//
//   [collections.OrderedDict, {"a": (1, -2.5, None)}, ["s"], b"\x00\xff", 70000, 1 <<
//   70, {1}, frozenset(),
//    True, "\xe9"]
inline const std::array<std::string, 6> kSample = {
    "(lp0\nccollections\nOrderedDict\np1\na(dp2\nVa\np3\n(I1\nF-2.5\nNtp4\nsa("
    "lp5\nVs\np6\n"
    "aac_codecs\nencode\np7\n(V\\u0000\xff\np8\nVlatin1\np9\ntp10\nRp11\naI70000\n"
    "aL1180591620717411303424L\nac__builtin__\nset\np12\n((lp13\nI1\natp14\nRp15\n"
    "ac__builtin__\nfrozenset\np16\n((lp17\ntp18\nRp19\naI01\naV\xe9\np20\na."s,
    "]q\x00(ccollections\nOrderedDict\nq\x01}q\x02X\x01\x00\x00\x00"
    "aq\x03(K\x01G\xc0\x04\x00\x00\x00\x00\x00\x00Ntq\x04s]q\x05X\x01\x00\x00\x00sq\x06"
    "ac_codecs\nencode\nq\x07(X\x03\x00\x00\x00\x00\xc3\xbfq\x08X\x06\x00\x00\x00latin1"
    "q\x09tq\nRq\x0bJp\x11\x01\x00L1180591620717411303424L\nc__builtin__\nset\n"
    "q\x0c(]q\x0dK\x01"
    "atq\x0eRq\x0f"
    "c__builtin__\nfrozenset\nq\x10(]"
    "q\x11tq\x12Rq\x13I01\nX\x02\x00\x00\x00\xc3\xa9q\x14"
    "e."s,
    "\x80\x02]q\x00(ccollections\nOrderedDict\nq\x01}q\x02X\x01\x00\x00\x00"
    "aq\x03K\x01G\xc0\x04\x00\x00\x00\x00\x00\x00N\x87q\x04s]"
    "q\x05X\x01\x00\x00\x00sq\x06"
    "ac_codecs\nencode\nq\x07X\x03\x00\x00\x00\x00\xc3\xbfq\x08X\x06\x00\x00\x00latin1"
    "q\x09\x86q\nRq\x0bJp\x11\x01\x00\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00@"
    "c__builtin__\nset\nq\x0c]q\x0dK\x01"
    "a\x85q\x0eRq\x0f"
    "c__builtin__\nfrozenset\nq\x10]"
    "q\x11\x85q\x12Rq\x13\x88X\x02\x00\x00\x00\xc3\xa9q\x14"
    "e."s,
    "\x80\x03]q\x00(ccollections\nOrderedDict\nq\x01}q\x02X\x01\x00\x00\x00"
    "aq\x03K\x01G\xc0\x04\x00\x00\x00\x00\x00\x00N\x87q\x04s]"
    "q\x05X\x01\x00\x00\x00sq\x06"
    "aC\x02\x00\xffq\x07Jp\x11\x01\x00\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00@"
    "cbuiltins\nset\nq\x08]q\x09K\x01"
    "a\x85q\nRq\x0b"
    "cbuiltins\nfrozenset\nq\x0c]q\x0d\x85q\x0eRq\x0f\x88X\x02\x00\x00\x00\xc3\xa9q\x10"
    "e."s,
    "\x80\x04\x95"
    "c\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x0b"
    "collections\x94\x8c\x0bOrderedDict\x94\x93\x94}\x94\x8c\x01"
    "a\x94K\x01G\xc0\x04\x00\x00\x00\x00\x00\x00N\x87\x94s]\x94\x8c\x01s\x94"
    "aC\x02\x00\xff\x94Jp\x11\x01\x00\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00@"
    "\x8f\x94(K\x01\x90(\x91\x94\x88\x8c\x02\xc3\xa9\x94"
    "e."s,
    "\x80\x05\x95"
    "c\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x0b"
    "collections\x94\x8c\x0bOrderedDict\x94\x93\x94}\x94\x8c\x01"
    "a\x94K\x01G\xc0\x04\x00\x00\x00\x00\x00\x00N\x87\x94s]\x94\x8c\x01s\x94"
    "aC\x02\x00\xff\x94Jp\x11\x01\x00\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00@"
    "\x8f\x94(K\x01\x90(\x91\x94\x88\x8c\x02\xc3\xa9\x94"
    "e."s,
};

}  // namespace cppickle::core

#endif  // CPPICKLE_TESTS_CORE_STREAMS_H_
