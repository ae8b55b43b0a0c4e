#include "core/byte_sink.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/scanner.h"
#include "emitted.h"
#include "streams.h"

namespace cppickle::core {
namespace {

// A file: takes over whatever is flushed, and large arguments without a copy.
class FileSink final : public ByteSink {
 public:
  Room grow(std::size_t size, std::size_t capacity) override {
    held_.resize(size);
    held_.resize(capacity);
    return {held_.data(), capacity};
  }
  std::size_t flush(std::size_t size) override {
    file_.append(held_, 0, size);
    if (size != 0) flushes_.push_back(size);
    return 0;
  }
  bool write_through(std::string_view data, void* owner) override {
    file_ += data;
    passed_through_.push_back(data.size());
    last_owner_ = owner;
    return true;
  }

  const std::string& file() const { return file_; }
  const std::vector<std::size_t>& flushes() const { return flushes_; }
  const std::vector<std::size_t>& passed_through() const { return passed_through_; }
  void* last_owner() const { return last_owner_; }

 private:
  std::string held_, file_;
  std::vector<std::size_t> flushes_, passed_through_;
  void* last_owner_ = nullptr;
};

template <typename Write>
std::string filed(FileSink& sink, int protocol, Write write) {
  Emitter emitter(sink, protocol);
  emitter.start();
  write(emitter);
  emitter.finish();
  EXPECT_EQ(emitter.size(), 0u);
  return sink.file();
}

TEST(ByteSinkTest, AFileGetsWhatMemoryGets) {
  std::string item(60000, 'x'), large(100000, 'y');
  for (int protocol = 1; protocol <= kHighestProtocol; ++protocol) {
    auto write = [&](Emitter& e) {
      for (int i = 0; i < 5; ++i) {
        e.op(Opcode::NONE);
        e.utf8(item, nullptr);
        boundary(e);
        e.utf8(large, nullptr);
        boundary(e);
      }
    };
    FileSink sink;
    EXPECT_TRUE(filed(sink, protocol, write) == emitted(protocol, write)) << protocol;
    EXPECT_EQ(sink.passed_through(), (std::vector<std::size_t>(5, large.size())));
  }
}

TEST(ByteSinkTest, AFileGetsEachFrameWhenItIsDue) {
  FileSink sink;
  std::string item(kFrameSizeTarget - 1, 'x');
  filed(sink, 4, [&](Emitter& e) {
    e.utf8(item, nullptr);
    boundary(e);
    EXPECT_EQ(sink.file().size(), 2 + kFrameHeaderSize + 5 + item.size());
    EXPECT_EQ(e.size(), 0u);
    e.op(Opcode::NONE);
  });
  EXPECT_EQ(sink.flushes().size(), 2u);
}

TEST(ByteSinkTest, LargeArgumentsBringTheirOwner) {
  FileSink sink;
  std::string large(kFrameSizeTarget, 'x');
  filed(sink, 5, [&](Emitter& e) { e.bytes(large, &large); });
  EXPECT_EQ(sink.last_owner(), &large);
}

TEST(ByteSinkTest, MemoryGrowsWithTheStream) {
  std::string stream = emitted(4, [&](Emitter& e) {
    for (int i = 0; i < 200000; ++i) {
      e.int4(i);
      boundary(e);
    }
  });
  EXPECT_EQ(scan(stream).fault, Fault::kNone);
  EXPECT_EQ(scan(stream).count(Opcode::BININT), 200000u - 65536u);
  EXPECT_GT(frame_lengths(stream).size(), 10u);
}

}  // namespace
}  // namespace cppickle::core
