#include "core/emitter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/cursor.h"
#include "core/scanner.h"
#include "emitted.h"
#include "streams.h"

namespace cppickle::core {
namespace {

using Lengths = std::vector<std::uint64_t>;

// --- Against pickle.dumps() --------------------------------------------------------

void none(Emitter& e) { e.op(Opcode::NONE); }

TEST(EmitterTest, None) {
  EXPECT_EQ(emitted(0, none), "N.");
  EXPECT_EQ(emitted(1, none), "N.");
  EXPECT_EQ(emitted(2, none), "\x80\x02N.");
  EXPECT_EQ(emitted(3, none), "\x80\x03N.");
  EXPECT_EQ(emitted(4, none), "\x80\x04N.");
  EXPECT_EQ(emitted(5, none), "\x80\x05N.");
}

std::string small_int(int protocol, std::int32_t value) {
  return emitted(protocol, [&](Emitter& e) { e.int4(value); });
}

TEST(EmitterTest, Ints) {
  EXPECT_EQ(small_int(0, -1), "I-1\n.");
  EXPECT_EQ(small_int(0, INT32_MIN), "I-2147483648\n.");
  EXPECT_EQ(small_int(1, 0), "K\0."s);
  EXPECT_EQ(small_int(1, 255), "K\xff.");
  EXPECT_EQ(small_int(1, 256), "M\0\x01."s);
  EXPECT_EQ(small_int(1, 65535), "M\xff\xff.");
  EXPECT_EQ(small_int(1, 65536), "J\0\0\x01\0."s);
  EXPECT_EQ(small_int(1, -1), "J\xff\xff\xff\xff.");
  EXPECT_EQ(small_int(1, INT32_MIN), "J\0\0\0\x80."s);
}

TEST(EmitterTest, Floats) {
  auto write = [](Emitter& e) { e.float8(2.5); };
  EXPECT_EQ(emitted(1, write), "G@\x04\0\0\0\0\0\0."s);
}

std::string list_of_two(int protocol) {
  return emitted(protocol, [](Emitter& e) {
    e.op(Opcode::EMPTY_LIST);
    e.memoize(0);
    e.op(Opcode::MARK);
    e.int4(1);
    e.int4(2);
    e.op(Opcode::APPENDS);
  });
}

TEST(EmitterTest, Lists) {
  std::string items =
      "(K\x01K\x02"
      "e."s;
  EXPECT_EQ(list_of_two(1), "]q\0"s + items);
  EXPECT_EQ(list_of_two(2), "\x80\x02]q\0"s + items);
  EXPECT_EQ(list_of_two(4), "\x80\x04" + frame_of("]\x94" + items));
}

TEST(EmitterTest, Protocol0IsText) {
  EXPECT_EQ(emitted(0,
                    [](Emitter& e) {
                      e.op(Opcode::MARK, Opcode::LIST);
                      e.memoize(0);
                      e.op_lines(Opcode::GLOBAL, "os", "getcwd");
                      e.memoize(1);
                      e.op(Opcode::APPEND);
                      e.get(1);
                      e.op(Opcode::APPEND);
                    }),
            "(lp0\ncos\ngetcwd\np1\nag1\na.");
}

std::string text(int protocol, std::string_view value) {
  return emitted(protocol, [&](Emitter& e) { e.utf8(value, nullptr); });
}

TEST(EmitterTest, TextTakesTheShortestCount) {
  EXPECT_EQ(text(3, "ab"), "\x80\x03X\x02\0\0\0ab."s);
  EXPECT_EQ(text(4, "ab"), "\x80\x04" + frame_of("\x8c\x02"
                                                 "ab."));
  std::string short_text(255, 'x'), long_text(256, 'x');
  EXPECT_EQ(scan(text(4, short_text)).count(Opcode::SHORT_BINUNICODE), 1u);
  EXPECT_EQ(scan(text(4, long_text)).count(Opcode::BINUNICODE), 1u);
}

TEST(EmitterTest, BytesTakeTheShortestCount) {
  auto bytes = [](const std::string& value) {
    return emitted(3, [&](Emitter& e) { e.bytes(value, nullptr); });
  };
  EXPECT_EQ(bytes("ab"),
            "\x80\x03"
            "C\x02"
            "ab."s);
  EXPECT_EQ(bytes(""),
            "\x80\x03"
            "C\0."s);
  EXPECT_EQ(scan(bytes(std::string(256, 'x'))).count(Opcode::BINBYTES), 1u);
}

TEST(EmitterTest, LongIntsCountBytes) {
  auto digits = [](std::size_t size) {
    return emitted(2, [&](Emitter& e) { e.long_bytes(std::string(size, 'x')); });
  };
  EXPECT_EQ(digits(3), "\x80\x02\x8a\x03xxx.");
  EXPECT_EQ(scan(digits(255)).count(Opcode::LONG1), 1u);
  EXPECT_EQ(scan(digits(256)).count(Opcode::LONG4), 1u);
}

TEST(EmitterTest, MemoIndexesGrow) {
  auto indexes = [](Emitter& e) {
    for (std::size_t index : {0u, 255u, 256u, 70000u}) e.memoize(index);
    for (std::size_t index : {0u, 255u, 256u, 70000u}) e.get(index);
  };
  EXPECT_EQ(emitted(1, indexes),
            "q\0q\xffr\0\x01\0\0rp\x11\x01\0h\0h\xffj\0\x01\0\0jp\x11\x01\0."s);
  EXPECT_EQ(emitted(0, indexes), "p0\np255\np256\np70000\ng0\ng255\ng256\ng70000\n.");
  EXPECT_EQ(emitted(4, indexes).substr(11),
            "\x94\x94\x94\x94h\0h\xffj\0\x01\0\0jp\x11\x01\0."s);
}

// --- Frames ------------------------------------------------------------------------

TEST(EmitterFrameTest, FromFourBytesOnHasAHeader) {
  EXPECT_EQ(emitted(4, [](Emitter& e) { e.int4(255); }), "\x80\x04K\xff.");
  EXPECT_EQ(emitted(4, [](Emitter& e) { e.int4(1000); }),
            "\x80\x04\x95\x04\0\0\0\0\0\0\0M\xe8\x03."s);
}

TEST(EmitterFrameTest, EndsAtTheFirstBoundaryFrom64KiBOn) {
  std::string item(60000, 'x');
  std::string stream = emitted(4, [&](Emitter& e) {
    for (int i = 0; i < 3; ++i) {
      e.utf8(item, nullptr);
      boundary(e);
    }
  });
  EXPECT_EQ(frame_lengths(stream), (Lengths{120010, 60006}));
}

// A frame of one byte less than the target is not due, one of the target is.
TEST(EmitterFrameTest, TheTargetIsExact) {
  for (std::size_t short_of : {1u, 0u}) {
    std::string item(kFrameSizeTarget - 5 - 1 - short_of, 'x');
    std::string stream = emitted(4, [&](Emitter& e) {
      e.utf8(item, nullptr);
      e.op(Opcode::MEMOIZE);
      boundary(e);
      e.int4(100000);
    });
    Lengths whole{kFrameSizeTarget - 1 + 6}, split{kFrameSizeTarget, 6};
    EXPECT_EQ(frame_lengths(stream), short_of == 1 ? whole : split);
  }
}

TEST(EmitterFrameTest, LargeArgumentsStandOutside) {
  std::string large(kFrameSizeTarget, 'x');
  std::string stream = emitted(5, [&](Emitter& e) {
    e.op(Opcode::MARK);
    e.utf8(large, nullptr);
    e.op(Opcode::MEMOIZE);
    e.bytes(large, nullptr);
    e.op(Opcode::MEMOIZE);
    e.bytearray8(large, nullptr);
    e.op(Opcode::MEMOIZE, Opcode::TUPLE);
  });
  std::string expected = stream_of(
      "\x80\x05"sv, Opcode::MARK, Opcode::BINUNICODE, little_endian(large.size(), 4),
      large, Opcode::MEMOIZE, Opcode::BINBYTES, little_endian(large.size(), 4), large,
      Opcode::MEMOIZE, Opcode::BYTEARRAY8, little_endian(large.size(), 8), large,
      Opcode::MEMOIZE, Opcode::TUPLE, Opcode::STOP);
  EXPECT_TRUE(stream == expected);
  EXPECT_EQ(scan(stream).fault, Fault::kNone);
}

TEST(EmitterFrameTest, OneByteLessStandsInside) {
  std::string item(kFrameSizeTarget - 1, 'x');
  std::string stream = emitted(4, [&](Emitter& e) { e.utf8(item, nullptr); });
  EXPECT_EQ(frame_lengths(stream), (Lengths{item.size() + 6}));
}

TEST(EmitterFrameTest, ALargeArgumentEndsTheFrameBeforeIt) {
  std::string large(kFrameSizeTarget, 'x');
  std::string stream = emitted(4, [&](Emitter& e) {
    e.utf8("before", nullptr);
    e.utf8(large, nullptr);
    e.utf8("behind", nullptr);
    e.op(Opcode::TUPLE3);
  });
  EXPECT_EQ(frame_lengths(stream), (Lengths{8, 10}));
  EXPECT_EQ(scan(stream).position, stream.size());
}

TEST(EmitterFrameTest, OlderProtocolsHaveNone) {
  std::string large(3 * kFrameSizeTarget, 'x');
  std::string stream = emitted(3, [&](Emitter& e) {
    e.utf8(large, nullptr);
    EXPECT_FALSE(e.frame_is_due());
  });
  EXPECT_EQ(stream.size(), large.size() + 8);
}

TEST(EmitterTest, OneEmitterWritesSeveralStreams) {
  MemorySink sink;
  Emitter emitter(sink, 4);
  for (int i = 0; i < 3; ++i) {
    std::size_t before = emitter.size();
    emitter.start();
    emitter.utf8("text", nullptr);
    emitter.finish();
    EXPECT_EQ(emitter.written(before), text(4, "text"));
  }
}

// --- Counts that do not fit --------------------------------------------------------

TEST(EmitterTest, CountsBeyondTheProtocolAreRefused) {
  std::string_view five_gib("x", std::size_t{5} << 30);  // refused before it is read
  EXPECT_THROW(text(3, five_gib), TooLarge);
  EXPECT_THROW(emitted(3, [&](Emitter& e) { e.bytes(five_gib, nullptr); }), TooLarge);
  EXPECT_THROW(emitted(4, [&](Emitter& e) { e.long_bytes(five_gib); }), TooLarge);
}

// --- Back again --------------------------------------------------------------------

// The only item that `write(emitter)` makes at protocol 1 or, for forms that came
// later, 3.
template <typename Write>
Item read_back(std::string& stream, int protocol, Write write) {
  stream = emitted(protocol, write);
  Cursor cursor(stream);
  Item item;
  do {
    EXPECT_EQ(cursor.next(item), Fault::kNone);
  } while (item.opcode == Opcode::PROTO);
  return item;
}

TEST(EmitterTest, TheCursorReadsEachFormBack) {
  std::string s;
  EXPECT_EQ(read_back(s, 1, [](Emitter& e) { e.op(Opcode::MARK); }).opcode,
            Opcode::MARK);
  EXPECT_EQ(read_back(s, 1, [](Emitter& e) { e.op_uint1(Opcode::EXT1, 200); }).integer,
            200);
  EXPECT_EQ(
      read_back(s, 1, [](Emitter& e) { e.op_uint2(Opcode::EXT2, 60000); }).integer,
      60000);
  EXPECT_EQ(
      read_back(s, 1, [](Emitter& e) { e.op_uint4(Opcode::EXT4, 70000); }).integer,
      70000);
  EXPECT_EQ(
      read_back(s, 1, [](Emitter& e) { e.op_uint8(Opcode::FRAME, 1ull << 40); }).length,
      1ull << 40);
  EXPECT_EQ(read_back(s, 1, [](Emitter& e) { e.int4(-70000); }).integer, -70000);
  EXPECT_EQ(read_back(s, 1, [](Emitter& e) { e.float8(-0.1); }).real, -0.1);
  EXPECT_EQ(read_back(s, 1, [](Emitter& e) { e.op_line(Opcode::PERSID, "id"); }).text,
            "id");
  auto global = [](Emitter& e) { e.op_lines(Opcode::GLOBAL, "module", "name"); };
  EXPECT_EQ(read_back(s, 1, global).text, "module");
  EXPECT_EQ(read_back(s, 1, global).second, "name");
  std::string with_newline = "a\nb\0c"s, large(70000, 'x');
  EXPECT_EQ(read_back(s, 3, [&](Emitter& e) { e.bytes(with_newline, nullptr); }).text,
            with_newline);
  EXPECT_EQ(read_back(s, 3, [&](Emitter& e) { e.bytes(large, nullptr); }).text, large);
  EXPECT_EQ(read_back(s, 3, [&](Emitter& e) { e.bytearray8(large, nullptr); }).text,
            large);
}

}  // namespace
}  // namespace cppickle::core
