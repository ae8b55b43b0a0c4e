// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast
// short-input PRF", 2012; the long output as in the authors' reference code).
#ifndef CPPICKLE_CORE_SIPHASH_H_
#define CPPICKLE_CORE_SIPHASH_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cppickle::core {

// 128 bits that stand for a text.  Two texts that differ have the same one by accident
// in 1 of 2^128 cases; nothing is promised against somebody who looks for two.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  auto operator<=>(const Hash128&) const = default;
  // The 16 bytes, little endian: equal on every machine.
  std::array<char, 16> bytes() const;
};

struct SipHashKey {
  std::uint64_t low;
  std::uint64_t high;
};

// The hash of `text` under a key.  About one byte a cycle.
Hash128 siphash128(std::string_view text, SipHashKey key);

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_SIPHASH_H_
