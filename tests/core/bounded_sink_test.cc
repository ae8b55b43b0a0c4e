#include "core/bounded_sink.h"

#include <gtest/gtest.h>

#include <string>

#include "core/emitter.h"

namespace cppickle::core {
namespace {

TEST(BoundedSink, KeepsWhatFits) {
  BoundedSink sink(1 << 16);
  Emitter emitter(sink, 5);
  emitter.utf8("text", nullptr);
  EXPECT_EQ(emitter.written(0), std::string("\x8c\x04text", 6));
}

TEST(BoundedSink, RefusesWhatDoesNot) {
  BoundedSink sink(1 << 16);
  Emitter emitter(sink, 5);
  auto write_much = [&] {
    for (int i = 0; i < 10'000; ++i) emitter.utf8("ten bytes.", nullptr);
  };
  EXPECT_THROW(write_much(), SinkIsFull);
}

TEST(BoundedSink, RefusesLargeDataUnread) {
  BoundedSink sink(1 << 20);
  Emitter emitter(sink, 5);
  std::string_view nowhere(nullptr, std::size_t{1} << 40);
  EXPECT_THROW(emitter.bytes(nowhere, nullptr), SinkIsFull);
}

TEST(BoundedSink, IsWrittenOver) {
  BoundedSink sink(1 << 16);
  Emitter(sink, 5).utf8("first", nullptr);
  Emitter emitter(sink, 5);
  emitter.utf8("second", nullptr);
  EXPECT_EQ(emitter.written(0).substr(2), "second");
}

}  // namespace
}  // namespace cppickle::core
