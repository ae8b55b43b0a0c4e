// Opcodes to bytes, with protocol 4's framing.  Knows the format and nothing of
// Python's objects.
#ifndef CPPICKLE_CORE_EMITTER_H_
#define CPPICKLE_CORE_EMITTER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/byte_sink.h"
#include "core/encoding.h"
#include "core/opcode.h"

namespace cppickle::core {

// Writes one or more streams into a sink.
//
// Framing follows Modules/_pickle.c to the byte: a frame opens with the first write,
// closes at the first opcode boundary after 64 KiB, and a large argument stands outside
// of frames.  The closed frame costs the hot path nothing: while no frame is open,
// `limit_` is `pos_`, so that the check for room fails and the slow path opens one.
//
// Throws what the sink throws.
// REQUIRES: the sink outlives the emitter.
class Emitter {
 public:
  Emitter(ByteSink& sink, int protocol) : Emitter(sink, protocol, protocol >= 1) {}
  // `binary`: numbers and strings as binary arguments, whatever the protocol.
  Emitter(ByteSink& sink, int protocol, bool binary)
      : sink_(sink), protocol_(protocol), binary_(binary) {}
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  int protocol() const { return protocol_; }
  bool binary() const { return binary_; }

  // The number of bytes held in memory; after finish() the stream's when the sink keeps
  // all.
  std::size_t size() const { return static_cast<std::size_t>(pos_ - begin_); }
  std::string_view written(std::size_t from) const {
    return {begin_ + from, size() - from};
  }

  // PROTO, and framing from protocol 4 on.
  void start();
  // STOP, the last frame's header, and a last flush.
  void finish();

  // How many bytes can be written before a frame is due.
  std::size_t frame_room() const {
    if (frame_ == nullptr) return kFrameSizeTarget;
    return pos_ >= frame_due_ ? 0 : static_cast<std::size_t>(frame_due_ - pos_);
  }
  // The place, as for written(), of the next opcode: in a frame where there are frames.
  std::size_t begin_record() {
    room(1);
    record_is_whole_ = true;
    return size();
  }
  // True when all since the last begin_record() is in one piece in memory.
  bool record_is_whole() const { return record_is_whole_; }

  // True when the frame in progress is due: call commit_frame() before the next object.
  bool frame_is_due() const { return pos_ >= frame_due_; }
  void commit_frame();

  void op(Opcode code) {
    char* p = room(1);
    *p = static_cast<char>(code);
    pos_ = p + 1;
  }
  // Two opcodes without arguments.
  void op(Opcode first, Opcode second) {
    char* p = room(2);
    p[0] = static_cast<char>(first);
    p[1] = static_cast<char>(second);
    pos_ = p + 2;
  }
  void op(Opcode first, Opcode second, Opcode third) {
    char* p = room(3);
    p[0] = static_cast<char>(first);
    p[1] = static_cast<char>(second);
    p[2] = static_cast<char>(third);
    pos_ = p + 3;
  }
  void op_uint1(Opcode code, std::uint8_t value) {
    char* p = room(2);
    p[0] = static_cast<char>(code);
    p[1] = static_cast<char>(value);
    pos_ = p + 2;
  }
  void op_uint2(Opcode code, std::uint16_t value) { fixed(code, value); }
  void op_uint4(Opcode code, std::uint32_t value) { fixed(code, value); }
  void op_uint8(Opcode code, std::uint64_t value) { fixed(code, value); }
  // An opcode with text arguments, each ended by a newline.
  void op_line(Opcode code, std::string_view text);
  void op_lines(Opcode code, std::string_view first, std::string_view second);

  // BININT1, BININT2 or BININT; protocol 0: INT.
  void int4(std::int32_t value) {
    if (!binary()) return int_text(value);
    pos_ = put_int4(room(kLongestInt4), value);
  }
  // BINFLOAT; requires protocol >= 1.
  void float8(double value) { pos_ = put_float8(room(kFloat8Size), value); }
  // LONG1 or LONG4 around a two's complement, little endian.
  // REQUIRES: protocol >= 2.
  void long_bytes(std::string_view digits);

  // A UTF-8 string, protocol >= 1.  `owner`: see ByteSink::write_through.
  void utf8(std::string_view text, void* owner) {
    if (text.size() <= kLongestShortText && protocol_ >= 4) [[likely]] {
      char* p = room(text.size() + kShortTextHeader);
      pos_ = put_short_text(p, text.data(), text.size());
    } else {
      counted(Opcode::BINUNICODE, Opcode::BINUNICODE8, text, owner);
    }
  }
  // Bytes, protocol >= 3.
  void bytes(std::string_view data, void* owner) {
    if (data.size() <= 0xff) {
      op_uint1(Opcode::SHORT_BINBYTES, static_cast<std::uint8_t>(data.size()));
      raw(data);
    } else {
      counted(Opcode::BINBYTES, Opcode::BINBYTES8, data, owner);
    }
  }
  // Bytes of a bytearray, protocol >= 5.
  void bytearray8(std::string_view data, void* owner);

  class Run;

  // Whole opcodes with their arguments, encoded beforehand.
  // REQUIRES: protocol >= 4 for what is in them.
  void fragment(std::string_view encoded) { raw(encoded); }
  // The same for a fragment that was encoded for an empty memo: `gets` are the places
  // of its BINGET arguments, `first` the number of entries that the memo has now.
  // REQUIRES: no argument exceeds 255 with that.
  void relocated_fragment(std::string_view encoded, std::span<const std::uint32_t> gets,
                          std::size_t first) {
    raw(encoded);
    if (first == 0) return;
    char* begin = pos_ - encoded.size();
    for (std::uint32_t place : gets)
      begin[place] =
          static_cast<char>(static_cast<unsigned char>(begin[place]) + first);
  }

  // Stores the stack's top in the memo as number `index`.
  void memoize(std::size_t index) {
    if (protocol_ >= 4) [[likely]] {
      op(Opcode::MEMOIZE);
    } else {
      put(index);
    }
  }
  // Pushes number `index` of the memo.
  void get(std::size_t index) {
    if (index < 256 && binary()) [[likely]] {
      op_uint1(Opcode::BINGET, static_cast<std::uint8_t>(index));
    } else {
      long_get(index);
    }
  }

 private:
  // Room for `need` bytes inside the frame in progress.
  char* room(std::size_t need) {
    if (static_cast<std::size_t>(limit_ - pos_) < need) [[unlikely]]
      make_room(need);
    return pos_;
  }
  void make_room(std::size_t need);
  void reserve(std::size_t need);
  void raw(std::string_view data) {
    char* p = room(data.size());
    std::memcpy(p, data.data(), data.size());
    pos_ = p + data.size();
  }
  template <typename Integer>
  void fixed(Opcode code, Integer value) {
    char* p = room(1 + sizeof value);
    *p = static_cast<char>(code);
    std::memcpy(p + 1, &value, sizeof value);
    pos_ = p + 1 + sizeof value;
  }
  void counted(Opcode with4, Opcode with8, std::string_view data, void* owner);
  void large(std::string_view header, std::string_view data, void* owner);
  void int_text(std::int32_t value);
  void put(std::size_t index);
  void long_get(std::size_t index);
  void flush();
  void close_frame();

  ByteSink& sink_;
  int protocol_;
  bool binary_;
  bool framing_ = false;
  bool record_is_whole_ = false;
  char* begin_ = nullptr;
  char* pos_ = nullptr;
  char* limit_ = nullptr;  // end of the room; pos_ while framing without an open frame
  char* capacity_end_ = nullptr;
  char* frame_ = nullptr;       // header of the frame in progress, or null
  char* frame_due_ = kNever();  // where the frame in progress reaches its target size

  static char* kNever() { return reinterpret_cast<char*>(UINTPTR_MAX); }
};

// Many small writes in a row: while one lives, the emitter must not be used.  Where it
// stands is held in registers, since bytes that are stored cannot change it there.
class Emitter::Run {
 public:
  explicit Run(Emitter& emitter) : emitter_(emitter) { load(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() { emitter_.pos_ = pos_; }

  bool frame_is_due() const { return pos_ >= frame_due_; }
  // True when `size` more bytes can be written before a frame is due.
  bool fits_frame(std::size_t size) const {
    auto due = reinterpret_cast<std::uintptr_t>(frame_due_);
    auto here = reinterpret_cast<std::uintptr_t>(pos_);
    return here < due && due - here > size;
  }
  // To be called at `p` where an object begins: ends the frame in progress if that is
  // due.  Answers where `need` more bytes may be written.
  [[gnu::always_inline]] char* at_object(char* p, std::size_t need) {
    if (p < frame_due_) [[likely]]
      return p;
    return in_next_frame(p, need);
  }
  // Where up to `need` bytes may be written; to be followed by advance().
  [[gnu::always_inline]] char* room(std::size_t need) {
    if (static_cast<std::size_t>(limit_ - pos_) < need) [[unlikely]] {
      emitter_.pos_ = pos_;
      emitter_.make_room(need);
      load();
    }
    return pos_;
  }
  void advance(char* end) { pos_ = end; }

 private:
  char* in_next_frame(char* p, std::size_t need);
  void load() {
    pos_ = emitter_.pos_;
    limit_ = emitter_.limit_;
    frame_due_ = emitter_.frame_due_;
  }

  Emitter& emitter_;
  char* pos_;
  char* limit_;
  char* frame_due_;
};

// Thrown when an argument does not fit the protocol's counts (4 GiB before protocol 4;
// LONG4 always).
struct TooLarge {
  const char* what;  // "bytes object", "string", "int" or "memo"
};

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_EMITTER_H_
