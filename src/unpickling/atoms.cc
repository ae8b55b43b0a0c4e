// Numbers, text and bytes; the memo.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "core/encoding.h"
#include "core/opcode.h"
#include "cpython/building.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "unpickling/unpickler.h"

namespace cppickle::unpickling {

using cpython::checked;
using cpython::Ref;

void Unpickler::load_proto() {
  int protocol = input_.fixed<std::uint8_t>();
  if (protocol > core::kHighestProtocol) {
    cpython::raise_format(PyExc_ValueError, "unsupported pickle protocol: %d",
                          protocol);
  }
  protocol_ = protocol;
  if (hooks_.protocol != nullptr) *hooks_.protocol = protocol;
}

void Unpickler::load_frame() {
  auto length = input_.fixed<std::uint64_t>();
  input_.leave_frame_for_another();
  if (length > static_cast<std::uint64_t>(PY_SSIZE_T_MAX)) {
    cpython::raise_format(PyExc_OverflowError,
                          "FRAME length exceeds system's maximum of %zd bytes",
                          PY_SSIZE_T_MAX);
  }
  input_.enter_frame(length);
}

// --- Numbers -------------------------------------------------------------------------

// A line that is not empty, as the C functions that read numbers want it: with its
// newline, and a zero behind.
const char* Unpickler::line_with_end() {
  std::string_view line = input_.line();
  if (line.empty()) input_.raise_truncated();
  line_.assign(line);
  line_ += '\n';
  return line_.c_str();
}

void Unpickler::load_int_line() {
  const char* text = line_with_end();
  char* end;
  errno = 0;
  long value = std::strtol(text, &end, cpython::kBaseOfIntegers);
  if (errno != 0 || (*end != '\n' && *end != '\0')) {
    Ref big = Ref::steal(PyLong_FromString(text, nullptr, cpython::kBaseOfIntegers));
    if (!big) cpython::raise(PyExc_ValueError, "could not convert string to int");
    return push(std::move(big));
  }
  // 00 and 01 were written for False and True before protocol 2.
  bool is_bool = line_.size() == 3 && (value == 0 || value == 1) &&
                 (line_[0] == '0' || !cpython::kBoolsArePadded);
  push(checked(is_bool ? PyBool_FromLong(value) : PyLong_FromLong(value)));
}

void Unpickler::load_long_line() {
  line_with_end();
  if (line_[line_.size() - 2] == 'L') line_[line_.size() - 2] = '\0';
  push_made(PyLong_FromString(line_.c_str(), nullptr, cpython::kBaseOfIntegers));
}

void Unpickler::load_float_line() {
  const char* text = line_with_end();
  char* end;
  double value = PyOS_string_to_double(text, &end, PyExc_OverflowError);
  if (value == -1.0 && PyErr_Occurred()) throw cpython::ErrorSet{};
  if (*end != '\n' && *end != '\0')
    cpython::raise(PyExc_ValueError, "could not convert string to float");
  push_made(PyFloat_FromDouble(value));
}

void Unpickler::load_long(std::int64_t size) {
  if (size < 0) raise_error("LONG pickle has negative byte count");
  push(cpython::long_from_bytes(input_.bytes(static_cast<std::uint64_t>(size))));
}

// --- Text and bytes ------------------------------------------------------------------

void Unpickler::check_count(std::uint64_t size, const char* opcode,
                            PyObject* error) const {
  if (size <= static_cast<std::uint64_t>(PY_SSIZE_T_MAX)) return;
  cpython::raise_format(error, "%s exceeds system's maximum size of %zd bytes", opcode,
                        PY_SSIZE_T_MAX);
}

void Unpickler::load_text(std::uint64_t size) {
  check_count(size, "BINUNICODE", PyExc_OverflowError);
  push(cpython::str_from_utf8(input_.bytes(size)));
}

void Unpickler::load_bytes(std::uint64_t size) {
  check_count(size, "BINBYTES", PyExc_OverflowError);
  push(input_.bytes_object(size));
}

void Unpickler::load_bytearray() {
  auto size = input_.fixed<std::uint64_t>();
  check_count(size, "BYTEARRAY8", PyExc_OverflowError);
  push(input_.bytearray_object(size));
}

void Unpickler::load_unicode_line() {
  std::string_view line = input_.line();
  push_made(PyUnicode_DecodeRawUnicodeEscape(
      line.data(), static_cast<Py_ssize_t>(line.size()), nullptr));
}

// A string of Python 2.
Ref Unpickler::decoded(std::string_view bytes) const {
  auto size = static_cast<Py_ssize_t>(bytes.size());
  return checked(
      std::strcmp(hooks_.encoding, "bytes") == 0
          ? PyBytes_FromStringAndSize(bytes.data(), size)
          : PyUnicode_Decode(bytes.data(), size, hooks_.encoding, hooks_.errors));
}

void Unpickler::load_string_line() {
  std::string_view line = input_.line();
  bool is_quoted = line.size() >= 2 && line.front() == line.back() &&
                   (line.front() == '\'' || line.front() == '"');
  if (!is_quoted) raise_error("the STRING opcode argument must be quoted");
  // Codecs and filters of warnings are foreign code, and may end the view.
  line_.assign(line.substr(1, line.size() - 2));
  ForeignCode scope(*this);
  Ref bytes = checked(PyBytes_DecodeEscape(
      line_.data(), static_cast<Py_ssize_t>(line_.size()), nullptr, 0, nullptr));
  push(decoded(cpython::bytes_view(bytes.get())));
}

void Unpickler::load_old_string(std::int64_t size) {
  if (size < 0 && cpython::kStringCountsAreSigned)
    raise_error("BINSTRING pickle has negative byte count");
  std::string_view bytes = input_.bytes(size < 0 ? static_cast<std::uint32_t>(size)
                                                 : static_cast<std::uint64_t>(size));
  ForeignCode scope(*this);
  push(decoded(bytes));
}

// --- The memo ------------------------------------------------------------------------

void Unpickler::get(std::uint64_t index) {
  PyObject* found = memo_.find(index);
  if (found == nullptr) [[unlikely]] {
    cpython::raise_format(imported_.unpickling_error,
                          "Memo value not found at index %lld",
                          static_cast<long long>(index));
  }
  push_borrowed(found);
}

void Unpickler::put_line() {
  const char* text = line_with_end();
  require(1);
  Ref number = checked(PyLong_FromString(text, nullptr, 10));
  Py_ssize_t index = PyLong_AsSsize_t(number.get());
  if (index < 0) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "negative PUT argument");
    throw cpython::ErrorSet{};
  }
  memoize(static_cast<std::uint64_t>(index));
}

void Unpickler::get_line() {
  Ref number = checked(PyLong_FromString(line_with_end(), nullptr, 10));
  Py_ssize_t index = PyLong_AsSsize_t(number.get());
  if (index == -1 && PyErr_Occurred()) throw cpython::ErrorSet{};
  get(static_cast<std::uint64_t>(index));
}

}  // namespace cppickle::unpickling
