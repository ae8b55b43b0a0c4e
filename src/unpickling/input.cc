#include "unpickling/input.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "cpython/building.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::unpickling {

using cpython::checked;
using cpython::ErrorSet;
using cpython::Ref;

namespace {

constexpr std::size_t kLookAhead = 128 * 1024;
// What is asked for at once on the word of a stream; after that as much again as came.
constexpr std::size_t kTrusted = 1024 * 1024;

}  // namespace

void HeldBytes::hold(PyObject* object) {
  release();
  cpython::checked_status(PyObject_GetBuffer(object, &buffer_, PyBUF_CONTIG_RO));
}

void HeldBytes::release() {
  Py_buffer old = std::exchange(buffer_, Py_buffer{});
  if (old.obj != nullptr) PyBuffer_Release(&old);
}

int InputFile::traverse(visitproc visit, void* arg) const {
  Py_VISIT(read.get());
  Py_VISIT(readline.get());
  Py_VISIT(readinto.get());
  Py_VISIT(peek.get());
  return 0;
}

void Input::raise_truncated() const {
  cpython::raise(imported_.unpickling_error, "pickle data was truncated");
}

std::uint8_t Input::first_byte() {
  try {
    need(1);
  } catch (const ErrorSet&) {
    if (PyErr_ExceptionMatches(imported_.unpickling_error))
      PyErr_SetString(PyExc_EOFError, "Ran out of input");
    throw;
  }
  std::uint8_t byte = 0;
  cursor_.take_fixed(byte);
  return byte;
}

// --- Frames --------------------------------------------------------------------------

void Input::leave_frame_for_another() {
  if (is_framed_ && cursor_.remaining() != 0) {
    cpython::raise(imported_.unpickling_error,
                   "beginning of a new frame before end of current frame");
  }
  leave_frame();
}

// Where frames are borders, the cursor sees no more than the frame: who finds too few
// bytes there has come to its end.
void Input::enter_frame(std::uint64_t length) {
  if (length > cursor_.remaining()) need(length);
  if (!cpython::kFramesAreBorders) return;
  behind_frame_ = cursor_.narrow(static_cast<std::size_t>(length));
  is_framed_ = true;
}

void Input::leave_frame() {
  if (!is_framed_) return;
  cursor_.widen(std::exchange(behind_frame_, 0));
  is_framed_ = false;
}

// For a part of an item that has so many bytes: it may follow a frame, but not end
// behind one that it begins in.
void Input::leave_frame_for(std::uint64_t count) {
  if (!is_framed_ || (count != 0 && count <= cursor_.remaining())) return;
  if (count > cursor_.remaining() && cursor_.remaining() != 0) {
    cpython::raise(imported_.unpickling_error, "pickle exhausted before end of frame");
  }
  if (cursor_.remaining() == 0) leave_frame();
}

// --- Windows of a file ---------------------------------------------------------------

// Null with an error; without an argument when that is null.
Ref Input::called(PyObject* method, PyObject* argument) {
  cpython::CollectorPause::Lifted lifted(pause_);
  Ref hold = Ref::borrow(method);
  return Ref::steal(argument != nullptr ? PyObject_CallOneArg(method, argument)
                                        : PyObject_CallNoArgs(method));
}

Ref Input::call_with_size(PyObject* method, std::size_t size) {
  Ref argument = checked(PyLong_FromSize_t(size));
  Ref answer = called(method, argument.get());
  if (!answer) throw ErrorSet{};
  return answer;
}

void Input::skip_consumed() {
  if (!is_peeked_) return;
  std::size_t consumed = cursor_.position();
  is_peeked_ = false;
  cursor_ = core::Cursor(std::string_view());
  window_.release();
  if (consumed != 0) call_with_size(file_->read.get(), consumed);
}

void Input::take_window(Ref data) {
  window_.hold(data.get());
  cursor_ = core::Cursor(window_.view());
}

// Tries to get a window of at least `count` bytes without moving the file.
bool Input::look_ahead(std::size_t count) {
  if (!file_->peek || count >= kLookAhead || cursor_.remaining() != 0) return false;
  Ref argument = checked(PyLong_FromSize_t(kLookAhead));
  Ref data = called(file_->peek.get(), argument.get());
  if (!data) {
    if (!PyErr_ExceptionMatches(PyExc_NotImplementedError)) throw ErrorSet{};
    PyErr_Clear();
    file_->peek.reset();
    return false;
  }
  take_window(std::move(data));
  is_peeked_ = true;
  if (cursor_.remaining() >= count) return true;
  skip_consumed();
  return false;
}

// Makes `count` bytes available.
void Input::need(std::uint64_t count) {
  constexpr auto kMost =
      static_cast<std::uint64_t>(std::numeric_limits<Py_ssize_t>::max());
  if (count > kMost - cursor_.position())
    cpython::raise(imported_.unpickling_error,
                   "read would overflow (invalid bytecode)");
  leave_frame_for(count);
  if (count <= cursor_.remaining()) return;
  if (file_ == nullptr) raise_truncated();
  skip_consumed();
  auto size = static_cast<std::size_t>(count);
  if (look_ahead(size)) return;
  if (cursor_.remaining() == 0 && size <= kTrusted) {
    take_window(call_with_size(file_->read.get(), size));
    if (cursor_.remaining() < size) raise_truncated();
    return;
  }
  append_from_file(size - cursor_.remaining());
}

// Adds `count` bytes of the file to what is left of the window.
void Input::append_from_file(std::size_t count) {
  std::string joined(cursor_.rest());
  while (count != 0) {
    std::size_t part = std::min(count, std::max(kTrusted, joined.size()));
    HeldBytes data;
    data.hold(call_with_size(file_->read.get(), part).get());
    if (data.view().size() < part) raise_truncated();
    joined += data.view();
    count -= std::min(count, data.view().size());
  }
  joined_ = std::move(joined);
  window_.release();
  cursor_ = core::Cursor(joined_);
}

std::string_view Input::line_of_file() {
  leave_frame_for(std::numeric_limits<std::uint64_t>::max());
  std::string_view taken;
  if (cursor_.take_line(taken)) return taken;
  if (file_ == nullptr) raise_truncated();
  skip_consumed();
  std::string rest(cursor_.rest());
  Ref data = called(file_->readline.get(), nullptr);
  if (!data) throw ErrorSet{};
  if (rest.empty()) {
    take_window(std::move(data));
  } else {
    HeldBytes held;
    held.hold(data.get());
    joined_ = std::move(rest) + std::string(held.view());
    window_.release();
    cursor_ = core::Cursor(joined_);
  }
  if (!cursor_.take_line(taken)) raise_truncated();
  return taken;
}

// --- Bytes, read into place ----------------------------------------------------------

void Input::read_into(char* target, std::size_t count) {
  if (!file_->readinto) {
    Ref data = call_with_size(file_->read.get(), count);
    if (!PyBytes_Check(data.get())) {
      cpython::raise_format(PyExc_ValueError, "read() returned non-bytes object (%R)",
                            Py_TYPE(data.get()));
    }
    std::string_view view = cpython::bytes_view(data.get());
    if (view.size() < count) raise_truncated();
    std::memcpy(target, view.data(), count);
    return;
  }
  Ref view = checked(
      PyMemoryView_FromMemory(target, static_cast<Py_ssize_t>(count), PyBUF_WRITE));
  Ref answer = called(file_->readinto.get(), view.get());
  Ref error = answer ? Ref() : cpython::take_raised();
  if (!cpython::release_view(view.get(), imported_.names.release_text))
    is_exported_ = true;
  if (!answer) {
    cpython::set_raised(std::move(error));
    throw ErrorSet{};
  }
  Py_ssize_t size = PyLong_AsSsize_t(answer.get());
  if (size < 0) {
    if (!PyErr_Occurred())
      PyErr_SetString(PyExc_ValueError, "readinto() returned negative size");
    throw ErrorSet{};
  }
  if (static_cast<std::size_t>(size) < count) raise_truncated();
}

void Input::fill(char* target, std::size_t count) {
  std::size_t here = std::min(count, cursor_.remaining());
  std::string_view taken;
  cursor_.take_bytes(here, taken);
  if (here != 0) std::memcpy(target, taken.data(), here);
  if (here == count) return;
  skip_consumed();
  read_into(target + here, count - here);
}

// A file that keeps a view must not see memory that is somebody else's later: such an
// object is never freed.
bool Input::keep_exported(PyObject* object) {
  if (!std::exchange(is_exported_, false)) return false;
  Py_INCREF(object);
  return true;
}

template <typename Make, typename Resize, typename Address>
Ref Input::filled(std::uint64_t count, Make make, Resize resize, Address address) {
  leave_frame_for(count);
  // The standard unpickler wants something to follow also where the count is 0.
  bool is_enough = count <= cursor_.remaining() && cursor_.remaining() != 0;
  if (file_ == nullptr && !is_enough) raise_truncated();
  constexpr auto kMost =
      static_cast<std::uint64_t>(std::numeric_limits<Py_ssize_t>::max());
  auto size = static_cast<std::size_t>(std::min(count, kMost));
  std::size_t trusted = std::max(16 * kTrusted, cursor_.remaining());
  std::size_t room = std::min(size, trusted);
  Ref made = make(static_cast<Py_ssize_t>(room));
  std::size_t done = 0;
  while (true) {
    try {
      fill(address(made.get()) + done, room - done);
    } catch (...) {
      keep_exported(made.get());
      throw;
    }
    done = room;
    bool is_kept = keep_exported(made.get());
    if (done == size) return made;
    if (is_kept) cpython::raise(PyExc_BufferError, "the file keeps what it reads into");
    room = size - done > done ? 2 * done : size;
    resize(made, static_cast<Py_ssize_t>(room));
  }
}

Ref Input::bytes_object(std::uint64_t count) {
  return filled(
      count,
      [](Py_ssize_t size) { return checked(PyBytes_FromStringAndSize(nullptr, size)); },
      [](Ref& made, Py_ssize_t size) { cpython::resize_bytes(made, size); },
      [](PyObject* made) { return PyBytes_AS_STRING(made); });
}

Ref Input::bytearray_object(std::uint64_t count) {
  return filled(
      count,
      [](Py_ssize_t size) {
        return checked(PyByteArray_FromStringAndSize(nullptr, size));
      },
      [](Ref& made, Py_ssize_t size) {
        cpython::checked_status(PyByteArray_Resize(made.get(), size));
      },
      [](PyObject* made) { return PyByteArray_AS_STRING(made); });
}

}  // namespace cppickle::unpickling
