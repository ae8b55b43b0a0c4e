#include "core/emitter.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cppickle::core {
namespace {

constexpr std::size_t kFirstCapacity = 2048;
// Room behind a large argument for what may end the stream: it is not moved for that.
constexpr std::size_t kTail = 1024;

std::string_view decimal(char (&buffer)[24], auto value) {
  auto end = std::to_chars(std::begin(buffer), std::end(buffer), value).ptr;
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

}  // namespace

void Emitter::start() {
  frame_ = nullptr;
  frame_due_ = kNever();
  framing_ = false;
  limit_ = capacity_end_;
  if (protocol_ >= 2) op_uint1(Opcode::PROTO, static_cast<std::uint8_t>(protocol_));
  if (protocol_ >= 4) {
    framing_ = true;
    limit_ = pos_;
  }
}

void Emitter::finish() {
  op(Opcode::STOP);
  close_frame();
  framing_ = false;
  limit_ = capacity_end_;
  flush();
}

void Emitter::commit_frame() {
  close_frame();
  flush();
}

// Fills in the length of the frame in progress; a tiny one loses its header instead.
void Emitter::close_frame() {
  // The header of the next frame would be in the middle of what is recorded.
  record_is_whole_ = false;
  if (frame_ == nullptr) return;
  char* items = frame_ + kFrameHeaderSize;
  std::uint64_t length = static_cast<std::uint64_t>(pos_ - items);
  if (length >= kFrameSizeMin) {
    *frame_ = static_cast<char>(Opcode::FRAME);
    std::memcpy(frame_ + 1, &length, sizeof length);
  } else {
    // The standard pickler writes no header for so little.
    std::memmove(frame_, items, length);
    pos_ -= kFrameHeaderSize;
  }
  frame_ = nullptr;
  frame_due_ = kNever();
  limit_ = pos_;
}

void Emitter::flush() {
  pos_ = begin_ + sink_.flush(size());
  limit_ = framing_ && frame_ == nullptr ? pos_ : capacity_end_;
}

void Emitter::make_room(std::size_t need) {
  bool open = framing_ && frame_ == nullptr;
  reserve(need + (open ? kFrameHeaderSize : 0));
  if (open) {
    frame_ = pos_;
    pos_ += kFrameHeaderSize;
    frame_due_ = pos_ + kFrameSizeTarget;
  }
  limit_ = capacity_end_;
}

// Room for `need` bytes in memory, whatever the framing.
void Emitter::reserve(std::size_t need) {
  if (static_cast<std::size_t>(capacity_end_ - pos_) >= need) return;
  std::size_t used = size();
  std::size_t frame_at =
      frame_ == nullptr ? 0 : static_cast<std::size_t>(frame_ - begin_);
  auto capacity = static_cast<std::size_t>(capacity_end_ - begin_);
  capacity = std::max({used + need, capacity + capacity / 2, kFirstCapacity});
  ByteSink::Room room = sink_.grow(used, capacity);
  begin_ = room.begin;
  pos_ = begin_ + used;
  capacity_end_ = begin_ + room.capacity;
  if (frame_ != nullptr) {
    frame_ = begin_ + frame_at;
    frame_due_ = frame_ + kFrameHeaderSize + kFrameSizeTarget;
  }
}

char* Emitter::Run::in_next_frame(char* p, std::size_t need) {
  emitter_.pos_ = p;
  emitter_.commit_frame();
  load();
  return room(need);
}

void Emitter::op_line(Opcode code, std::string_view text) {
  op(code);
  raw(text);
  raw("\n");
}

void Emitter::op_lines(Opcode code, std::string_view first, std::string_view second) {
  op_line(code, first);
  raw(second);
  raw("\n");
}

void Emitter::int_text(std::int32_t value) {
  char buffer[24];
  op_line(Opcode::INT, decimal(buffer, value));
}

void Emitter::put(std::size_t index) {
  if (index > UINT32_MAX) throw TooLarge{"memo"};
  char buffer[24];
  if (!binary()) {
    op_line(Opcode::PUT, decimal(buffer, index));
  } else if (index < 256) {
    op_uint1(Opcode::BINPUT, static_cast<std::uint8_t>(index));
  } else {
    op_uint4(Opcode::LONG_BINPUT, static_cast<std::uint32_t>(index));
  }
}

void Emitter::long_get(std::size_t index) {
  if (index > UINT32_MAX) throw TooLarge{"memo"};
  char buffer[24];
  if (!binary()) {
    op_line(Opcode::GET, decimal(buffer, index));
  } else {
    op_uint4(Opcode::LONG_BINGET, static_cast<std::uint32_t>(index));
  }
}

void Emitter::long_bytes(std::string_view digits) {
  if (digits.size() < 256) {
    op_uint1(Opcode::LONG1, static_cast<std::uint8_t>(digits.size()));
  } else if (digits.size() <= 0x7fffffff) {
    op_uint4(Opcode::LONG4, static_cast<std::uint32_t>(digits.size()));
  } else {
    throw TooLarge{"int"};
  }
  raw(digits);
}

void Emitter::bytearray8(std::string_view data, void* owner) {
  char header[9] = {static_cast<char>(Opcode::BYTEARRAY8)};
  std::uint64_t size = data.size();
  std::memcpy(header + 1, &size, sizeof size);
  large({header, sizeof header}, data, owner);
}

void Emitter::counted(Opcode with4, Opcode with8, std::string_view data, void* owner) {
  char header[9];
  std::uint64_t size = data.size();
  std::memcpy(header + 1, &size, sizeof size);
  bool four = size <= 0xffffffff;
  if (!four && protocol_ < 4) {
    throw TooLarge{with4 == Opcode::BINBYTES ? "bytes object" : "string"};
  }
  header[0] = static_cast<char>(four ? with4 : with8);
  large({header, four ? 5u : 9u}, data, owner);
}

// A header and its data.  From the target size on they stand outside of frames, and the
// data may go straight to the file (_Pickler_write_bytes).
void Emitter::large(std::string_view header, std::string_view data, void* owner) {
  if (data.size() < kFrameSizeTarget) {
    raw(header);
    raw(data);
    return;
  }
  close_frame();
  bool framing = std::exchange(framing_, false);
  limit_ = capacity_end_;
  raw(header);
  flush();
  if (!sink_.write_through(data, owner)) {
    reserve(data.size() + kTail);
    limit_ = capacity_end_;
    raw(data);
  }
  framing_ = framing;
  limit_ = framing_ ? pos_ : capacity_end_;
}

}  // namespace cppickle::core
