// Where an unpickler's bytes come from: memory, or a file.
#ifndef CPPICKLE_UNPICKLING_INPUT_H_
#define CPPICKLE_UNPICKLING_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/cursor.h"
#include "cpython/compat.h"
#include "cpython/imported.h"
#include "cpython/ref.h"

namespace cppickle::unpickling {

// The bytes of an object with the buffer interface, held while this lives.
class HeldBytes {
 public:
  HeldBytes() = default;
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes() { release(); }
  void hold(PyObject* object);  // throws ErrorSet
  void release();
  std::string_view view() const {
    return {static_cast<const char*>(buffer_.buf),
            static_cast<std::size_t>(buffer_.len)};
  }

 private:
  Py_buffer buffer_{};
};

// A file's methods, all owned.
struct InputFile {
  cpython::Ref read;
  cpython::Ref readline;
  cpython::Ref readinto;  // empty: it has none
  cpython::Ref peek;      // empty: it has none that works

  int traverse(visitproc visit, void* arg) const;
};

// Reads items with a cursor over a window of the stream.  Without a file the window is
// the whole stream.  A file is asked for no more than what is needed, or looked ahead
// into by peek(): after finish() it stands behind what was read.  No claim of a stream
// about a size is believed before so many bytes are there.
//
// Views are valid until the next call.  All that reads throws ErrorSet where bytes are
// missing.  Reading from a file runs foreign code.
// Thread safety: none.
class Input {
 public:
  Input(const cpython::Imported& imported, InputFile* file)
      : imported_(imported), file_(file) {}
  // REQUIRES: the bytes outlive this.
  Input(const cpython::Imported& imported, std::string_view stream)
      : imported_(imported), cursor_(stream) {}

  // The next opcode's byte; EOFError where nothing follows.
  [[gnu::always_inline]] std::uint8_t opcode() {
    std::uint8_t byte = 0;
    if (!cursor_.take_fixed(byte)) [[unlikely]]
      return first_byte();
    return byte;
  }
  template <typename Integer>
  [[gnu::always_inline]] Integer fixed() {
    Integer value{};
    if (!cursor_.take_fixed(value)) [[unlikely]] {
      need(sizeof value);
      cursor_.take_fixed(value);
    }
    return value;
  }
  [[gnu::always_inline]] double real() {
    double value = 0;
    if (!cursor_.take_real(value)) [[unlikely]] {
      need(sizeof value);
      cursor_.take_real(value);
    }
    return value;
  }
  [[gnu::always_inline]] std::string_view bytes(std::uint64_t count) {
    std::string_view taken;
    if (!cursor_.take_bytes(count, taken)) [[unlikely]] {
      need(count);
      cursor_.take_bytes(count, taken);
    }
    return taken;
  }
  // What is there without asking the file, and in this frame; skip() takes it.
  std::string_view at_hand() const { return cursor_.rest(); }
  void skip(std::size_t count) { cursor_.skip(count); }
  // Without its newline.
  std::string_view line() {
    std::string_view taken;
    if (!cursor_.take_line(taken)) [[unlikely]]
      return line_of_file();
    return taken;
  }
  // A frame of so many bytes begins: they have to be there, and no frame around it.
  void leave_frame_for_another();
  void enter_frame(std::uint64_t length);
  // Bytes and bytearrays, read into place.
  cpython::Ref bytes_object(std::uint64_t count);
  cpython::Ref bytearray_object(std::uint64_t count);

  // Around a stream; finish() moves a file behind what was read.
  void begin() { leave_frame(); }
  void finish() {
    leave_frame();
    skip_consumed();
  }

  // Of the load that reads from here: a file's methods run without it.
  cpython::CollectorPause& pause() { return pause_; }

  [[noreturn]] void raise_truncated() const;

 private:
  cpython::Ref called(PyObject* method, PyObject* argument);
  cpython::Ref call_with_size(PyObject* method, std::size_t size);
  std::uint8_t first_byte();
  void need(std::uint64_t count);
  void leave_frame();
  void leave_frame_for(std::uint64_t count);
  std::string_view line_of_file();
  bool look_ahead(std::size_t count);
  void skip_consumed();
  void take_window(cpython::Ref data);
  void append_from_file(std::size_t count);
  void fill(char* target, std::size_t count);
  void read_into(char* target, std::size_t count);
  bool keep_exported(PyObject* object);
  template <typename Make, typename Resize, typename Address>
  cpython::Ref filled(std::uint64_t count, Make make, Resize resize, Address address);

  const cpython::Imported& imported_;
  InputFile* file_ = nullptr;
  cpython::CollectorPause pause_;
  core::Cursor cursor_{std::string_view()};
  HeldBytes window_;
  std::string joined_;            // a window of several reads
  std::size_t behind_frame_ = 0;  // of the window, while a frame is read
  bool is_framed_ = false;
  bool is_exported_ = false;  // a file keeps a view of what it has read into
  bool is_peeked_ = false;    // the window's bytes are still the file's
};

}  // namespace cppickle::unpickling

#endif  // CPPICKLE_UNPICKLING_INPUT_H_
