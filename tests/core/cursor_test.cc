#include "core/cursor.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "streams.h"

namespace cppickle::core {
namespace {

// The one item of `bytes`.
Item read(std::string_view bytes) {
  Cursor cursor(bytes);
  Item item;
  EXPECT_EQ(cursor.next(item), Fault::kNone);
  EXPECT_EQ(cursor.position(), bytes.size());
  return item;
}

Fault fault_of(std::string_view bytes) {
  Cursor cursor(bytes);
  Item item;
  Fault fault = cursor.next(item);
  EXPECT_EQ(cursor.position(), fault == Fault::kNone ? bytes.size() : 0);
  return fault;
}

// Reads up to a fault, which is answered; the items go to `opcodes`.
Fault read_all(std::string_view bytes, std::vector<Opcode>& opcodes) {
  Cursor cursor(bytes);
  for (Item item;;) {
    Fault fault = cursor.next(item);
    if (fault != Fault::kNone) return fault;
    opcodes.push_back(item.opcode);
  }
}

TEST(CursorTest, ReadsEachFormOfArgument) {
  EXPECT_EQ(read(stream_of(Opcode::NONE)).opcode, Opcode::NONE);
  EXPECT_EQ(read(stream_of(Opcode::BININT1, "\xff"sv)).integer, 255);
  EXPECT_EQ(read(stream_of(Opcode::BININT2, "\x01\xff"sv)).integer, 0xff01);
  EXPECT_EQ(read(stream_of(Opcode::LONG_BINGET, "\x00\x00\x00\xff"sv)).integer,
            0xff000000);
  EXPECT_EQ(read(stream_of(Opcode::FRAME, "\x01\x00\x00\x00\x00\x00\x00\xff"sv)).length,
            0xff00000000000001u);
  EXPECT_EQ(read(stream_of(Opcode::BININT, "\xfe\xff\xff\xff"sv)).integer, -2);
  EXPECT_EQ(
      read(stream_of(Opcode::BINFLOAT, "\xc0\x04\x00\x00\x00\x00\x00\x00"sv)).real,
      -2.5);
  EXPECT_EQ(read(stream_of(Opcode::INT, "-12\n"sv)).text, "-12");
  EXPECT_EQ(read(stream_of(Opcode::UNICODE, "\n"sv)).text, "");
  std::string two_lines = stream_of(Opcode::GLOBAL, "os\npath.join\n"sv);
  Item global = read(two_lines);
  EXPECT_EQ(global.text, "os");
  EXPECT_EQ(global.second, "path.join");
  EXPECT_EQ(read(stream_of(Opcode::SHORT_BINUNICODE, "\x03"sv, "abc"sv)).text, "abc");
  EXPECT_EQ(read(stream_of(Opcode::BINBYTES, "\x03\x00\x00\x00"sv, "a\nb"sv)).text,
            "a\nb");
  EXPECT_EQ(read(stream_of(Opcode::BYTEARRAY8, little_endian(2, 8), "ab"sv)).text,
            "ab");
}

TEST(CursorTest, TellsWhereItemsAre) {
  std::string bytes = stream_of(Opcode::MARK, Opcode::BININT2, "ab"sv, Opcode::STOP);
  Cursor cursor(bytes);
  Item item;
  std::vector<std::size_t> positions;
  while (cursor.next(item) == Fault::kNone) positions.push_back(item.position);
  EXPECT_EQ(positions, (std::vector<std::size_t>{0, 1, 4}));
}

TEST(CursorTest, ReadsOnBehindStop) {
  std::vector<Opcode> opcodes;
  EXPECT_EQ(read_all(stream_of(Opcode::STOP, Opcode::NONE), opcodes), Fault::kEnd);
  EXPECT_EQ(opcodes, (std::vector<Opcode>{Opcode::STOP, Opcode::NONE}));
}

TEST(CursorTest, EveryOtherByteIsUnknown) {
  for (int value = 0; value < 256; ++value) {
    auto byte = static_cast<std::uint8_t>(value);
    if (opcode_info(byte)) continue;
    EXPECT_EQ(fault_of(std::string(1, static_cast<char>(byte))), Fault::kUnknownOpcode);
  }
}

TEST(CursorTest, SaysHowAnArgumentIsCutOff) {
  EXPECT_EQ(fault_of(""sv), Fault::kEnd);
  EXPECT_EQ(fault_of(stream_of(Opcode::BININT1)), Fault::kTruncated);
  EXPECT_EQ(fault_of(stream_of(Opcode::BINFLOAT, "1234567"sv)), Fault::kTruncated);
  EXPECT_EQ(fault_of(stream_of(Opcode::INT, "12"sv)), Fault::kMissingNewline);
  EXPECT_EQ(fault_of(stream_of(Opcode::GLOBAL, "os\npath"sv)), Fault::kMissingNewline);
  EXPECT_EQ(fault_of(stream_of(Opcode::SHORT_BINBYTES, "\x04"sv, "abc"sv)),
            Fault::kTruncated);
}

TEST(CursorTest, RefusesImpossibleCounts) {
  EXPECT_EQ(fault_of(stream_of(Opcode::LONG4, "\xff\xff\xff\xff"sv)), Fault::kBadCount);
  EXPECT_EQ(fault_of(stream_of(Opcode::BINSTRING, "\x00\x00\x00\x80"sv)),
            Fault::kBadCount);
  EXPECT_EQ(fault_of(stream_of(Opcode::BINBYTES, "\xff\xff\xff\xff"sv)),
            Fault::kTruncated);
  EXPECT_EQ(fault_of(stream_of(Opcode::BINBYTES8, little_endian(UINT64_MAX, 8))),
            Fault::kBadCount);
  EXPECT_EQ(fault_of(stream_of(Opcode::BINUNICODE8, little_endian(INT64_MAX, 8))),
            Fault::kTruncated);
}

class SampleTest : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(EachProtocol, SampleTest, testing::ValuesIn(kSample));

TEST_P(SampleTest, IsReadToItsEnd) {
  std::vector<Opcode> opcodes;
  EXPECT_EQ(read_all(GetParam(), opcodes), Fault::kEnd);
  EXPECT_EQ(opcodes.back(), Opcode::STOP);
}

TEST_P(SampleTest, CutOffAnywhereIsAFaultOfTheItemThere) {
  std::string_view whole = GetParam();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string cut(whole.substr(0, size));  // a copy, so that reading too far is seen
    Cursor cursor(cut);
    Item item;
    Fault fault;
    while ((fault = cursor.next(item)) == Fault::kNone)
      EXPECT_NE(item.opcode, Opcode::STOP);
    EXPECT_TRUE(fault == Fault::kEnd || fault == Fault::kTruncated ||
                fault == Fault::kMissingNewline)
        << describe(fault) << " at " << size;
    EXPECT_EQ(item.position, cursor.position());
  }
}

}  // namespace
}  // namespace cppickle::core
