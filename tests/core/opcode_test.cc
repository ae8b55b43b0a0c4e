#include "core/opcode.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string_view>

namespace cppickle::core {
namespace {

TEST(OpcodeTest, SixtyEightBytesAreOpcodesWithDistinctNames) {
  std::set<std::string_view> names;
  for (int byte = 0; byte < 256; ++byte) {
    if (auto info = opcode_info(static_cast<std::uint8_t>(byte)))
      names.insert(info->name);
  }
  EXPECT_EQ(names.size(), 68u);
}

// As pickletools.opcodes has them.
TEST(OpcodeTest, EachProtocolAddsItsOwn) {
  std::array<int, kHighestProtocol + 1> added{};
  for (int byte = 0; byte < 256; ++byte) {
    if (auto info = opcode_info(static_cast<std::uint8_t>(byte))) {
      ++added.at(static_cast<std::size_t>(info->protocol));
    }
  }
  EXPECT_EQ(added, (std::array<int, 6>{22, 19, 12, 2, 10, 3}));
}

struct Expected {
  Opcode opcode;
  std::string_view name;
  Argument argument;
  int protocol;
};

class OpcodeRowTest : public testing::TestWithParam<Expected> {};

TEST_P(OpcodeRowTest, HasNameArgumentAndProtocol) {
  const Expected& expected = GetParam();
  auto info = opcode_info(static_cast<std::uint8_t>(expected.opcode));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, expected.name);
  EXPECT_EQ(info->argument, expected.argument);
  EXPECT_EQ(info->protocol, expected.protocol);
}

INSTANTIATE_TEST_SUITE_P(
    OneOfEachForm, OpcodeRowTest,
    testing::Values(Expected{Opcode::MARK, "MARK", Argument::kNone, 0},
                    Expected{Opcode::PROTO, "PROTO", Argument::kUInt1, 2},
                    Expected{Opcode::EXT2, "EXT2", Argument::kUInt2, 2},
                    Expected{Opcode::LONG_BINPUT, "LONG_BINPUT", Argument::kUInt4, 1},
                    Expected{Opcode::FRAME, "FRAME", Argument::kUInt8, 4},
                    Expected{Opcode::BININT, "BININT", Argument::kInt4, 1},
                    Expected{Opcode::BINFLOAT, "BINFLOAT", Argument::kFloat8, 1},
                    Expected{Opcode::PERSID, "PERSID", Argument::kLine, 0},
                    Expected{Opcode::INST, "INST", Argument::kTwoLines, 0},
                    Expected{Opcode::LONG1, "LONG1", Argument::kCounted1, 2},
                    Expected{Opcode::BINBYTES, "BINBYTES", Argument::kCounted4, 3},
                    Expected{Opcode::BYTEARRAY8, "BYTEARRAY8", Argument::kCounted8,
                             5}));

}  // namespace
}  // namespace cppickle::core
