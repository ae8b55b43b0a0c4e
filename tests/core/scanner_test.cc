#include "core/scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "streams.h"

namespace cppickle::core {
namespace {

std::string text(std::string_view value) {
  return stream_of(Opcode::SHORT_BINUNICODE, little_endian(value.size(), 1), value);
}

// "module.name" of each global, "?" where the scan cannot know.
std::vector<std::string> globals_of(const std::string& stream) {
  Scan found = scan(stream);
  EXPECT_EQ(found.fault, Fault::kNone) << describe(found.fault);
  std::vector<std::string> names;
  for (const NamedGlobal& global : found.globals) {
    names.push_back(global.known ? global.module + "." + global.name : "?");
  }
  return names;
}

using Names = std::vector<std::string>;

void expect_fault(Fault fault, std::size_t position, const std::string& stream) {
  Scan found = scan(stream);
  EXPECT_EQ(found.fault, fault) << describe(found.fault);
  EXPECT_EQ(found.position, position);
}

// --- Whole streams -----------------------------------------------------------------

class ScanSampleTest : public testing::TestWithParam<int> {
 protected:
  int protocol() const { return GetParam(); }
  const std::string& sample() const {
    return kSample[static_cast<std::size_t>(GetParam())];
  }
};
INSTANTIATE_TEST_SUITE_P(EachProtocol, ScanSampleTest, testing::Range(0, 6));

TEST_P(ScanSampleTest, IsWithoutFault) {
  Scan found = scan(sample());
  EXPECT_EQ(found.fault, Fault::kNone) << describe(found.fault);
  EXPECT_EQ(found.position, sample().size());
  EXPECT_EQ(found.protocol, protocol() < 2 ? 0 : protocol());
  EXPECT_EQ(found.needed_protocol, protocol() == 5 ? 4 : protocol());
  EXPECT_EQ(found.count(Opcode::STOP), 1u);
  EXPECT_EQ(found.count(Opcode::FRAME), protocol() < 4 ? 0u : 1u);
}

TEST_P(ScanSampleTest, NamesItsGlobals) {
  if (protocol() >= 4) {
    EXPECT_EQ(globals_of(sample()), Names{"collections.OrderedDict"});
  } else if (protocol() == 3) {
    EXPECT_EQ(globals_of(sample()),
              (Names{"collections.OrderedDict", "builtins.set", "builtins.frozenset"}));
  } else {
    EXPECT_EQ(globals_of(sample()),
              (Names{"collections.OrderedDict", "_codecs.encode", "__builtin__.set",
                     "__builtin__.frozenset"}));
  }
}

TEST_P(ScanSampleTest, IsFaultyWhenCutOffAnywhere) {
  for (std::size_t size = 0; size < sample().size(); ++size) {
    Scan found = scan(std::string(sample(), 0, size));
    EXPECT_NE(found.fault, Fault::kNone) << size;
    EXPECT_LE(found.position, size);
  }
}

TEST_P(ScanSampleTest, AnyChangedByteIsAnAnswer) {
  for (std::size_t at = 0; at < sample().size(); ++at) {
    for (int flip : {0x01, 0x20, 0x80, 0xff}) {
      std::string changed = sample();
      changed[at] = static_cast<char>(changed[at] ^ flip);
      EXPECT_LE(scan(changed).position, changed.size());
    }
  }
}

TEST(ScannerTest, LooksAtNothingBehindStop) {
  std::string first = stream_of(Opcode::NONE, Opcode::STOP);
  Scan found = scan(first + "\xff");
  EXPECT_EQ(found.fault, Fault::kNone);
  EXPECT_EQ(found.position, first.size());
}

// --- Globals -----------------------------------------------------------------------

TEST(ScannerTest, SaysWhereAGlobalIsNamed) {
  Scan found =
      scan(stream_of(Opcode::MARK, Opcode::INST, "os\nsystem\n"sv, Opcode::STOP));
  ASSERT_EQ(found.globals.size(), 1u);
  EXPECT_EQ(found.globals[0].position, 1u);
  EXPECT_EQ(found.globals[0].opcode, Opcode::INST);
}

TEST(ScannerTest, FollowsNamesThroughTheMemo) {
  std::string memoized = stream_of(text("os"), Opcode::MEMOIZE, Opcode::POP);
  EXPECT_EQ(globals_of(stream_of(memoized, text("system"), Opcode::MEMOIZE, Opcode::POP,
                                 Opcode::BINGET, "\0"sv, Opcode::BINGET, "\1"sv,
                                 Opcode::STACK_GLOBAL, Opcode::STOP)),
            Names{"os.system"});
  EXPECT_EQ(
      globals_of(stream_of(text("os"), Opcode::LONG_BINPUT, "\xff\xff\xff\xff"sv,
                           text("popen"), Opcode::PUT, "7\n"sv, Opcode::POP,
                           Opcode::POP, Opcode::LONG_BINGET, "\xff\xff\xff\xff"sv,
                           Opcode::GET, "7\n"sv, Opcode::STACK_GLOBAL, Opcode::STOP)),
      Names{"os.popen"});
}

TEST(ScannerTest, AMemoEntryCanBeOverwritten) {
  std::string put = stream_of(Opcode::BINPUT, "\0"sv);
  EXPECT_EQ(globals_of(stream_of(text("safe"), put, text("os"), put, Opcode::POP,
                                 Opcode::POP, Opcode::BINGET, "\0"sv, text("system"),
                                 Opcode::STACK_GLOBAL, Opcode::STOP)),
            Names{"os.system"});
}

// MEMOIZE numbers by how many entries there are, not by the highest index.
TEST(ScannerTest, MemoizeCountsEntries) {
  EXPECT_EQ(globals_of(stream_of(text("a"), Opcode::BINPUT, "\x05"sv, text("os"),
                                 Opcode::MEMOIZE, text("system"), Opcode::MEMOIZE,
                                 Opcode::BINGET, "\x01"sv, Opcode::BINGET, "\x02"sv,
                                 Opcode::STACK_GLOBAL, Opcode::STOP)),
            Names{"os.system"});
}

TEST(ScannerTest, FollowsNamesOnTheStack) {
  EXPECT_EQ(globals_of(stream_of(text("os"), Opcode::DUP, Opcode::POP, Opcode::MARK,
                                 text("x"), Opcode::POP_MARK, Opcode::MARK, Opcode::POP,
                                 text("system"), Opcode::STACK_GLOBAL, Opcode::STOP)),
            Names{"os.system"});
}

TEST(ScannerTest, UnderstandsEveryOpcodeOfStrings) {
  std::string name = text("n");
  for (const std::string& module :
       {stream_of(Opcode::STRING, R"("o\x73")"sv, "\n"sv),
        stream_of(Opcode::STRING, R"('\157s')"sv, "\n"sv),
        stream_of(Opcode::BINSTRING, "\x02\0\0\0os"sv),
        stream_of(Opcode::SHORT_BINSTRING, "\x02os"sv),
        stream_of(Opcode::UNICODE, "\\u006fs\n"sv),
        stream_of(Opcode::UNICODE, "\\U0000006Fs\n"sv),
        stream_of(Opcode::BINUNICODE, "\x02\0\0\0os"sv),
        stream_of(Opcode::BINUNICODE8, "\x02\0\0\0\0\0\0\0os"sv)}) {
    EXPECT_EQ(globals_of(stream_of(module, name, Opcode::STACK_GLOBAL, Opcode::STOP)),
              Names{"os.n"})
        << module;
  }
}

TEST(ScannerTest, AdmitsWhatItCannotKnow) {
  std::string computed =
      stream_of(Opcode::GLOBAL, "m\nf\n"sv, Opcode::EMPTY_TUPLE, Opcode::REDUCE);
  for (const std::string& module :
       {computed, stream_of(Opcode::SHORT_BINBYTES, "\x02os"sv),
        stream_of(Opcode::NONE), stream_of(Opcode::SHORT_BINUNICODE, "\x02o\xff"sv),
        stream_of(Opcode::SHORT_BINSTRING, "\x02o\xe9"sv),
        stream_of(Opcode::STRING, "os\n"sv), stream_of(Opcode::UNICODE, "\\u12\n"sv)}) {
    Names names =
        globals_of(stream_of(module, text("n"), Opcode::STACK_GLOBAL, Opcode::STOP));
    ASSERT_FALSE(names.empty());
    EXPECT_EQ(names.back(), "?") << module;
  }
}

TEST(ScannerTest, ListsExtensionCodes) {
  Scan found = scan(stream_of(Opcode::EXT1, "\x07"sv, Opcode::EXT2, "\x00\x01"sv,
                              Opcode::EXT4, "\x00\x00\x01\x00"sv, Opcode::STOP));
  ASSERT_EQ(found.extensions.size(), 3u);
  EXPECT_EQ(found.extensions[0].code, 7);
  EXPECT_EQ(found.extensions[1].code, 0x100);
  EXPECT_EQ(found.extensions[2].code, 0x10000);
  EXPECT_EQ(found.extensions[2].position, 5u);
}

// --- Faults ------------------------------------------------------------------------

TEST(ScannerTest, PassesOnWhatTheCursorFinds) {
  expect_fault(Fault::kEnd, 0, "");
  expect_fault(Fault::kEnd, 1, stream_of(Opcode::NONE));
  expect_fault(Fault::kUnknownOpcode, 1, stream_of(Opcode::NONE, "\xff"sv));
  expect_fault(Fault::kTruncated, 1, stream_of(Opcode::NONE, Opcode::BININT));
}

TEST(ScannerTest, KnowsProtocolsUpToFive) {
  expect_fault(Fault::kUnknownProtocol, 0, stream_of(Opcode::PROTO, "\x06"sv));
  EXPECT_EQ(scan(stream_of(Opcode::PROTO, "\x05"sv, Opcode::NONE, Opcode::STOP)).fault,
            Fault::kNone);
}

TEST(ScannerTest, FramesHoldWholeItems) {
  std::string number = stream_of(Opcode::BININT1, "\x01"sv);
  std::string tuple = stream_of(Opcode::TUPLE2, Opcode::STOP);
  EXPECT_EQ(scan(frame_of(number) + number + frame_of(tuple)).fault, Fault::kNone);

  std::string short_frame =
      stream_of(Opcode::FRAME, little_endian(1, 8), number, Opcode::STOP);
  expect_fault(Fault::kFrameStraddled, 9, short_frame);
  std::string long_frame =
      stream_of(Opcode::FRAME, little_endian(4, 8), number, Opcode::STOP);
  expect_fault(Fault::kFrameTooLong, 0, long_frame);
  expect_fault(Fault::kFrameInFrame, 9, frame_of(frame_of(number) + number + tuple));
}

TEST(ScannerTest, OperandsMustBeThere) {
  for (Opcode opcode :
       {Opcode::STOP, Opcode::POP, Opcode::DUP, Opcode::APPEND, Opcode::SETITEM,
        Opcode::BUILD, Opcode::REDUCE, Opcode::NEWOBJ, Opcode::NEWOBJ_EX,
        Opcode::TUPLE1, Opcode::TUPLE2, Opcode::TUPLE3, Opcode::BINPERSID,
        Opcode::STACK_GLOBAL, Opcode::MEMOIZE, Opcode::READONLY_BUFFER}) {
    expect_fault(Fault::kStackUnderflow, 0, stream_of(opcode));
  }
  expect_fault(Fault::kStackUnderflow, 1, stream_of(Opcode::NONE, Opcode::REDUCE));
}

TEST(ScannerTest, AMarkIsNoOperand) {
  for (Opcode opcode : {Opcode::STOP, Opcode::DUP, Opcode::TUPLE1, Opcode::MEMOIZE}) {
    expect_fault(Fault::kStackUnderflow, 2,
                 stream_of(Opcode::NONE, Opcode::MARK, opcode));
  }
  expect_fault(Fault::kStackUnderflow, 1, stream_of(Opcode::MARK, Opcode::OBJ));
  expect_fault(Fault::kStackUnderflow, 1, stream_of(Opcode::MARK, Opcode::APPENDS));
  expect_fault(Fault::kStackUnderflow, 1, stream_of(Opcode::MARK, Opcode::SETITEMS));
}

TEST(ScannerTest, SomeOpcodesNeedAMark) {
  for (Opcode opcode :
       {Opcode::POP_MARK, Opcode::LIST, Opcode::TUPLE, Opcode::DICT, Opcode::FROZENSET,
        Opcode::APPENDS, Opcode::ADDITEMS, Opcode::SETITEMS, Opcode::OBJ}) {
    expect_fault(Fault::kNoMark, 1, stream_of(Opcode::NONE, opcode));
  }
  expect_fault(Fault::kNoMark, 0, stream_of(Opcode::INST, "m\nC\n"sv));
}

TEST(ScannerTest, KeysAndValuesComeInPairs) {
  expect_fault(Fault::kOddItems, 2,
               stream_of(Opcode::MARK, Opcode::NONE, Opcode::DICT));
  expect_fault(
      Fault::kOddItems, 3,
      stream_of(Opcode::EMPTY_DICT, Opcode::MARK, Opcode::NONE, Opcode::SETITEMS));
}

TEST(ScannerTest, TheMemoIsFilledBeforeItIsRead) {
  expect_fault(Fault::kNotInMemo, 0, stream_of(Opcode::BINGET, "\0"sv));
  expect_fault(Fault::kNotInMemo, 2,
               stream_of(Opcode::NONE, Opcode::MEMOIZE, Opcode::GET, "1\n"sv));
  for (std::string_view index :
       {"\n"sv, "-1\n"sv, "1x\n"sv, " 1\n"sv, "99999999999999999999999\n"sv}) {
    expect_fault(Fault::kBadNumber, 1, stream_of(Opcode::NONE, Opcode::PUT, index));
  }
}

TEST(ScannerTest, NamesAreTextAndCodesPositive) {
  expect_fault(Fault::kBadText, 0, stream_of(Opcode::GLOBAL, "m\xff\nn\n"sv));
  expect_fault(Fault::kBadText, 0, stream_of(Opcode::GLOBAL, "m\n\xc0\x80\n"sv));
  expect_fault(Fault::kBadExtension, 0, stream_of(Opcode::EXT1, "\0"sv));
  expect_fault(Fault::kBadExtension, 0, stream_of(Opcode::EXT4, "\xff\xff\xff\xff"sv));
}

TEST(ScannerTest, EveryFaultHasAText) {
  for (int i = 0; i <= static_cast<int>(Fault::kBadExtension); ++i) {
    EXPECT_NE(describe(static_cast<Fault>(i)), "unknown fault");
  }
}

}  // namespace
}  // namespace cppickle::core
