// Opcodes with their arguments, written to memory that has room for them.  Each
// function answers where the next one goes.
#ifndef CPPICKLE_CORE_ENCODING_H_
#define CPPICKLE_CORE_ENCODING_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/opcode.h"

namespace cppickle::core {

static_assert(std::endian::native == std::endian::little,
              "arguments are stored in little-endian order by memcpy");

template <typename... Codes>
char* put(char* p, Opcode first, Codes... others) {
  *p++ = static_cast<char>(first);
  ((*p++ = static_cast<char>(others)), ...);
  return p;
}

// Copies a text that is short as a rule: without a call.
inline char* put_text(char* p, const char* text, std::size_t size) {
  auto copy = [&]<std::size_t width>() {  // the pieces overlap at the end
    std::size_t i = 0;
    for (; i + width < size; i += width) std::memcpy(p + i, text + i, width);
    std::memcpy(p + size - width, text + size - width, width);
  };
  if (size >= 16) {
    copy.template operator()<16>();
  } else if (size >= 8) {
    copy.template operator()<8>();
  } else if (size >= 4) {
    copy.template operator()<4>();
  } else {
    for (std::size_t i = 0; i < size; ++i) p[i] = text[i];
  }
  return p + size;
}

inline constexpr std::size_t kLongestInt4 = 5;
// BININT1, BININT2 or BININT.  Writes kLongestInt4 bytes, of which not all may count.
inline char* put_int4(char* p, std::int32_t value) {
  auto bits = static_cast<std::uint32_t>(value);
  std::memcpy(p + 1, &bits, 4);
  if (bits <= 0xff) {
    *p = static_cast<char>(Opcode::BININT1);
    return p + 2;
  }
  bool two = bits <= 0xffff;
  *p = static_cast<char>(two ? Opcode::BININT2 : Opcode::BININT);
  return p + (two ? 3 : 5);
}

inline constexpr std::size_t kFloat8Size = 9;
inline char* put_float8(char* p, double value) {
  *p = static_cast<char>(Opcode::BINFLOAT);
  std::uint64_t bits = __builtin_bswap64(std::bit_cast<std::uint64_t>(value));
  std::memcpy(p + 1, &bits, 8);
  return p + kFloat8Size;
}

inline constexpr std::size_t kLongestShortText = 0xff;
inline constexpr std::size_t kShortTextHeader = 2;
// SHORT_BINUNICODE, for up to kLongestShortText bytes.
inline char* put_short_text(char* p, const char* text, std::size_t size) {
  p[0] = static_cast<char>(Opcode::SHORT_BINUNICODE);
  p[1] = static_cast<char>(size);
  return put_text(p + kShortTextHeader, text, size);
}

inline constexpr std::size_t kLongestGet = 5;
// BINGET or LONG_BINGET.
inline char* put_get(char* p, std::uint32_t index) {
  bool one = index <= 0xff;
  *p = static_cast<char>(one ? Opcode::BINGET : Opcode::LONG_BINGET);
  std::memcpy(p + 1, &index, 4);
  return p + (one ? 2 : 5);
}

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_ENCODING_H_
