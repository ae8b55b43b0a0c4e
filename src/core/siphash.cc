#include "core/siphash.h"

#include <bit>
#include <cstring>

namespace cppickle::core {
namespace {

// The streams are little endian too (emitter.h); a machine that is not needs a swap.
static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kWord = 8;  // bytes

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  std::uint64_t squeeze() {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

std::array<char, 16> Hash128::bytes() const {
  std::array<char, 16> out;
  std::memcpy(out.data(), &low, sizeof low);
  std::memcpy(out.data() + sizeof low, &high, sizeof high);
  return out;
}

Hash128 siphash128(std::string_view text, SipHashKey key) {
  State state{key.low ^ 0x736f6d6570736575u, key.high ^ 0x646f72616e646f6du ^ 0xee,
              key.low ^ 0x6c7967656e657261u, key.high ^ 0x7465646279746573u};
  const char* p = text.data();
  for (std::size_t left = text.size(); left >= kWord; left -= kWord, p += kWord) {
    std::uint64_t word;
    std::memcpy(&word, p, kWord);
    state.absorb(word);
  }
  // What is left over, and the length modulo 256 in the last byte.
  std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
  std::size_t rest = text.size() % kWord;
  for (std::size_t i = 0; i < rest; ++i)
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
  state.absorb(last);
  state.v2 ^= 0xee;
  Hash128 hash;
  hash.low = state.squeeze();
  state.v1 ^= 0xdd;
  hash.high = state.squeeze();
  return hash;
}

}  // namespace cppickle::core
