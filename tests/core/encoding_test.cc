#include "core/encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "core/emitter.h"
#include "streams.h"

namespace cppickle::core {
namespace {

// What a function writes, up to where it says that the next goes.
std::string put_by(auto write) {
  char memory[1024] = {};
  char* end = write(memory);
  return std::string(memory, end);
}

TEST(EncodingTest, TextsOfAllLengths) {
  std::string text;
  for (std::size_t size = 0; size <= kLongestShortText; ++size) {
    EXPECT_EQ(put_by([&](char* p) { return put_text(p, text.data(), size); }), text);
    std::string framed =
        put_by([&](char* p) { return put_short_text(p, text.data(), size); });
    EXPECT_EQ(framed.substr(kShortTextHeader), text);
    EXPECT_EQ(static_cast<unsigned char>(framed[1]), size);
    text.push_back(static_cast<char>('a' + size % 26));
  }
}

TEST(EncodingTest, TextsAreNotReadBeyondTheirEnd) {
  // The address sanitizer sees it: each text has memory of its own.
  for (std::size_t size = 0; size <= 40; ++size) {
    auto text = std::make_unique<char[]>(size);
    std::fill_n(text.get(), size, 'x');
    EXPECT_EQ(put_by([&](char* p) { return put_text(p, text.get(), size); }),
              std::string(size, 'x'));
  }
}

TEST(EncodingTest, Gets) {
  auto get = [](std::uint32_t index) {
    return put_by([&](char* p) { return put_get(p, index); });
  };
  EXPECT_EQ(get(0), "h\0"s);
  EXPECT_EQ(get(255), "h\xff");
  EXPECT_EQ(get(256), "j\0\x01\0\0"s);
}

TEST(EncodingTest, ARunWritesWhatTheEmitterWrites) {
  MemorySink run_sink, sink;
  Emitter in_run(run_sink, 4), plain(sink, 4);
  in_run.start();
  plain.start();
  for (int i = 0; i < 100'000; i += 1000) {
    if (in_run.frame_is_due()) in_run.commit_frame();
    Emitter::Run run(in_run);
    for (int k = i; k < i + 1000; ++k) {
      run.advance(put_int4(run.room(kLongestInt4), k));
    }
  }
  for (int i = 0; i < 100'000; ++i) {
    if (i % 1000 == 0 && plain.frame_is_due()) plain.commit_frame();
    plain.int4(i);
  }
  in_run.finish();
  plain.finish();
  EXPECT_TRUE(run_sink.bytes(in_run.size()) == sink.bytes(plain.size()));
}

TEST(EncodingTest, ARunSeesWhenAFrameIsDue) {
  MemorySink sink;
  Emitter emitter(sink, 4);
  emitter.start();
  Emitter::Run run(emitter);
  EXPECT_FALSE(run.frame_is_due());
  EXPECT_TRUE(run.fits_frame(1000));
  std::size_t written = 0;
  for (; !run.frame_is_due(); written += kFloat8Size) {
    run.advance(put_float8(run.room(kFloat8Size), 1.5));
  }
  EXPECT_GE(written, kFrameSizeTarget);
  EXPECT_LT(written, kFrameSizeTarget + kFloat8Size);
  EXPECT_FALSE(run.fits_frame(0));
}

}  // namespace
}  // namespace cppickle::core
