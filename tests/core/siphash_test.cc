#include "core/siphash.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <string>

namespace cppickle::core {
namespace {

// The key of the reference vectors: bytes 0 to 15.
constexpr SipHashKey kKey{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

std::string hex(Hash128 hash) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (char c : hash.bytes()) {
    auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

// 0, 1, 2, ... as bytes: the inputs of the reference vectors.
std::string counting(std::size_t length) {
  std::string text(length, '\0');
  std::iota(text.begin(), text.end(), '\0');
  return text;
}

// vectors_sip128 of the authors' reference implementation.
TEST(SipHash, GivesTheReferenceVectors) {
  EXPECT_EQ(hex(siphash128("", kKey)), "a3817f04ba25a8e66df67214c7550293");
  EXPECT_EQ(hex(siphash128(counting(1), kKey)), "da87c1d86b99af44347659119b22fc45");
}

TEST(SipHash, TellsLengthsApart) {
  std::set<std::string> hashes;
  for (std::size_t length = 0; length < 100; ++length)
    hashes.insert(hex(siphash128(std::string(length, '\0'), kKey)));
  EXPECT_EQ(hashes.size(), 100u);
}

TEST(SipHash, EveryByteCounts) {
  std::string text = counting(61);
  std::set<Hash128> hashes{siphash128(text, kKey)};
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] ^= 1;
    hashes.insert(siphash128(other, kKey));
  }
  EXPECT_EQ(hashes.size(), text.size() + 1);
}

TEST(SipHash, TheKeyCounts) {
  EXPECT_NE(siphash128("text", kKey), siphash128("text", {1, 2}));
}

}  // namespace
}  // namespace cppickle::core
