// Objects that need no frame: numbers, strings, bytes, buffers.
#include <array>
#include <memory>
#include <string>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::checked;
using cpython::Ref;

namespace {

std::string_view view(const char* data, Py_ssize_t size) {
  return {data, static_cast<std::size_t>(size)};
}

// str as protocol 0 writes it: raw-unicode-escape, with backslash, NUL, newlines and ^Z
// escaped too.
std::string raw_unicode_escape(PyObject* text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  Py_ssize_t length = PyUnicode_GET_LENGTH(text);
  for (Py_ssize_t i = 0; i < length; ++i) {
    Py_UCS4 c = PyUnicode_READ_CHAR(text, i);
    bool special = c == '\\' || c == 0 || c == '\n' || c == '\r' || c == 0x1a;
    if (c < 256 && !special) {
      out.push_back(static_cast<char>(c));
      continue;
    }
    out += c >= 0x10000 ? "\\U" : "\\u";
    for (int shift = c >= 0x10000 ? 28 : 12; shift >= 0; shift -= 4)
      out.push_back(kHex[(c >> shift) & 15]);
  }
  return out;
}

}  // namespace

bool Pickler::save_leaf(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyUnicode_Type) {
    save_str(object);
  } else if (type == &PyLong_Type) {
    save_int(object);
  } else if (type == &PyFloat_Type) {
    save_float(object);
  } else if (object == Py_None) {
    op(Opcode::NONE);
  } else if (type == &PyBool_Type) {
    save_bool(object == Py_True);
  } else {
    return false;
  }
  return true;
}

void Pickler::save_bool(bool value) {
  if (protocol() >= 2) return op(value ? Opcode::NEWTRUE : Opcode::NEWFALSE);
  emitter_.op_line(Opcode::INT, value ? "01" : "00");
}

void Pickler::save_int(PyObject* object) {
  std::int32_t value;
  if (cpython::small_int(object, value)) [[likely]]
    return emitter_.int4(value);
  int overflow = 0;
  long long wide = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow == 0 && wide == static_cast<std::int32_t>(wide)) {
    return emitter_.int4(static_cast<std::int32_t>(wide));
  }
  if (protocol() >= 2) return save_big_int(object);
  save_int_text(object);
}

void Pickler::save_big_int(PyObject* object) {
  std::size_t count = cpython::long_byte_count(object);
  std::array<char, 64> small;
  std::unique_ptr<char[]> large;
  char* bytes = small.data();
  if (count > small.size()) {
    large = std::make_unique_for_overwrite<char[]>(count);
    bytes = large.get();
  }
  cpython::long_as_bytes(object, bytes, count);
  // The count may be one too many: a last byte that only repeats the sign is not
  // written.
  auto repeats_sign = [&] {
    return bytes[count - 1] == ((bytes[count - 2] & 0x80) != 0 ? '\xff' : '\0');
  };
  while (count > 1 && repeats_sign()) --count;
  emitter_.long_bytes({bytes, count});
}

void Pickler::save_int_text(PyObject* object) {
  Ref digits = checked(PyObject_Str(object));
  std::string line(static_cast<const char*>(PyUnicode_DATA(digits.get())),
                   static_cast<std::size_t>(PyUnicode_GET_LENGTH(digits.get())));
  emitter_.op_line(Opcode::LONG, line + "L");
}

void Pickler::save_float(PyObject* object) {
  double value = PyFloat_AS_DOUBLE(object);
  if (emitter_.binary()) return emitter_.float8(value);
  std::unique_ptr<char, decltype(&PyMem_Free)> text(
      PyOS_double_to_string(value, 'r', 0, Py_DTSF_ADD_DOT_0, nullptr), PyMem_Free);
  if (text == nullptr) throw cpython::ErrorSet{};
  emitter_.op_line(Opcode::FLOAT, text.get());
}

// The index is taken before the text is written: writing a large one may run foreign
// code.
void Pickler::save_str(PyObject* object) {
  if (!memoizing() || memo_.strings() == Memo::Strings::kByContent)
    return emit_str(object);
  std::size_t index = memo_.find_or_add_text(object);
  if (index != Memo::kAbsent) return emitter_.get(index);
  index = memo_.size() - 1;
  emit_str(object);
  emitter_.memoize(index);
}

void Pickler::emit_str(PyObject* object) {
  if (!emitter_.binary()) return save_str_text(object);
  if (PyUnicode_IS_COMPACT_ASCII(object)) [[likely]] {
    return emitter_.utf8(cpython::compact_ascii(object), nullptr);
  }
  Py_ssize_t size;
  if (const char* data = PyUnicode_AsUTF8AndSize(object, &size)) {
    return emitter_.utf8(view(data, size), nullptr);
  }
  if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) throw cpython::ErrorSet{};
  PyErr_Clear();  // lone surrogates
  Ref encoded = checked(PyUnicode_AsEncodedString(object, "utf-8", "surrogatepass"));
  emitter_.utf8(cpython::bytes_view(encoded.get()), encoded.get());
}

void Pickler::save_str_text(PyObject* object) {
  emitter_.op_line(Opcode::UNICODE, raw_unicode_escape(object));
}

void Pickler::save_bytes(PyObject* object) {
  const char* data = PyBytes_AS_STRING(object);
  Py_ssize_t size = PyBytes_GET_SIZE(object);
  if (protocol() >= 3) return emit_bytes(object, object, data, size);
  if (size == 0) {
    return save_as_call(object, reinterpret_cast<PyObject*>(&PyBytes_Type),
                        Ref::borrow(imported_.empty_tuple));
  }
  // Python 2 reads this as its str: Modules/_pickle.c, save_bytes.
  Ref text = checked(PyUnicode_DecodeLatin1(data, size, nullptr));
  save_as_call(object, imported_.codecs_encode,
               checked(PyTuple_Pack(2, text.get(), names().latin1)));
}

void Pickler::emit_bytes(PyObject* object, PyObject* owner, const char* data,
                         Py_ssize_t size) {
  if (!memoizing() || (memo_.strings() == Memo::Strings::kByContent && object == owner))
    return emitter_.bytes(view(data, size), owner);
  std::size_t index = next_index(object);
  emitter_.bytes(view(data, size), owner);
  emitter_.memoize(index);
}

void Pickler::save_bytearray(PyObject* object) {
  Py_ssize_t size = PyByteArray_GET_SIZE(object);
  if (protocol() >= 5)
    return emit_bytearray(object, object, PyByteArray_AS_STRING(object), size);
  Ref arguments = Ref::borrow(imported_.empty_tuple);
  if (size != 0) {
    Ref content = checked(PyBytes_FromObject(object));  // a new object, of one byte too
    arguments = checked(PyTuple_Pack(1, content.get()));
  }
  save_as_call(object, reinterpret_cast<PyObject*>(&PyByteArray_Type),
               std::move(arguments));
}

void Pickler::emit_bytearray(PyObject* object, PyObject* owner, const char* data,
                             Py_ssize_t size) {
  std::size_t index = memoizing() ? next_index(object) : 0;
  emitter_.bytearray8(view(data, size), owner);
  if (memoizing()) emitter_.memoize(index);
}

// PEP 574.
void Pickler::save_buffer(PyObject* object) {
  if (protocol() < 5)
    fail(imported_.pickling_error,
         "PickleBuffer can only be pickled with protocol >= 5");
  const Py_buffer* buffer = PyPickleBuffer_GetBuffer(object);
  if (buffer == nullptr) throw cpython::ErrorSet{};
  if (buffer->suboffsets != nullptr || !PyBuffer_IsContiguous(buffer, 'A')) {
    fail(imported_.pickling_error,
         "PickleBuffer can not be pickled when pointing to a non-contiguous buffer");
  }
  if (hooks_.buffer_callback == nullptr) return emit_buffer(object, object, *buffer);
  Ref view = checked(PyMemoryView_FromObject(object));  // the callback may release it
  buffer = PyMemoryView_GET_BUFFER(view.get());
  before_foreign_code();
  Ref answer = checked(PyObject_CallOneArg(hooks_.buffer_callback, object));
  if (cpython::checked_status(PyObject_IsTrue(answer.get())) != 0) {
    return emit_buffer(object, view.get(), *buffer);
  }
  op(Opcode::NEXT_BUFFER);
  if (buffer->readonly) op(Opcode::READONLY_BUFFER);
}

// `owner` is what keeps the data alive.
void Pickler::emit_buffer(PyObject* object, PyObject* owner, const Py_buffer& buffer) {
  auto data = static_cast<const char*>(buffer.buf);
  buffer.readonly ? emit_bytes(object, owner, data, buffer.len)
                  : emit_bytearray(object, owner, data, buffer.len);
}

}  // namespace cppickle::pickling
