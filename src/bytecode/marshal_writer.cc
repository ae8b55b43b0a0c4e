#include "bytecode/marshal_writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytecode/marshal_buffer.h"
#include "bytecode/marshal_text.h"
#include "bytecode/stable_filename.h"
#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/identity_map.h"

namespace cppickle::bytecode {

using cpython::checked;
using cpython::CodeField;
using cpython::IdentityMap;
using cpython::Ref;

namespace {

constexpr std::size_t kLargestCount = 0x7fffffff;
constexpr std::size_t kTinySize =
    2;  // characters: a str up to here takes fewer bytes than a reference

using PartId = MarshalBuffer::PartId;

bool int32_value(PyObject* object, std::int32_t& value) {
  int overflow = 0;
  long long wide = PyLong_AsLongLongAndOverflow(object, &overflow);
  value = static_cast<std::int32_t>(wide);
  return overflow == 0 && wide == value;
}

class MarshalWriter {
 public:
  explicit MarshalWriter(int depth) : depth_(depth) {}

  void write(PyObject* object) {
    enter();
    if (!write_singleton(object) && !write_int(object)) write_part(object);
    --depth_;
  }
  std::string_view finish() { return buffer_.finish(); }

 private:
  void enter() {
    if (++depth_ <= cpython::kMarshalDepth) [[likely]]
      return;
    cpython::raise(PyExc_ValueError, "code object is nested too deeply to marshal");
  }
  bool write_singleton(PyObject* object);
  PartId write_part(PyObject* object);
  PartId write_new(PyObject* object);
  bool write_int(PyObject* object);
  PartId write_large_int(PyObject* object);
  PartId write_float(double value);
  PartId write_complex(Py_complex value);
  PartId write_bytes(std::string_view data);
  void write_data(std::string_view data);
  PartId write_str(PyObject* str);
  PartId write_tiny(std::string_view text, bool name);
  PartId write_text(const Text& text);
  MarshalBuffer::Open open_text(const Text& text, char type_if_short, char type);
  PyObject* interned(PyObject* str);
  PyObject* exact(PyObject* str);
  PartId write_tuple(PyObject* tuple);
  void write_items(PyObject* tuple);
  static char type_of_tuple(PyObject* tuple);
  PartId write_frozenset(PyObject* set);
  PartId write_slice(PyObject* object);
  PartId write_code(PyObject* object);
  void write_field(PyObject* code, const CodeField& field);
  void write_unshared(PyObject* object);
  void write_filename(PyObject* filename);
  std::vector<PyObject*> in_canonical_order(PyObject* set);
  static std::int32_t count(std::size_t size);

  std::byte first_memory_[4 * 1024];
  std::pmr::monotonic_buffer_resource memory_{first_memory_, sizeof first_memory_};
  MarshalBuffer buffer_;
  IdentityMap known_{&memory_};   // an object's part: a short cut to an equal one
  std::vector<Ref> kept_;         // known objects that nothing else keeps alive
  PyObject* filename_ = nullptr;  // the last one
  PartId filename_part_ = MarshalBuffer::kNoPart;
  int depth_;
};

bool MarshalWriter::write_singleton(PyObject* object) {
  if (object == Py_None) {
    buffer_.byte('N');
  } else if (object == Py_True) {
    buffer_.byte('T');
  } else if (object == Py_False) {
    buffer_.byte('F');
  } else if (object == Py_Ellipsis) {
    buffer_.byte('.');
  } else {
    return false;
  }
  return true;
}

PartId MarshalWriter::write_part(PyObject* object) {
  if (const PartId* known = known_.find(object)) {
    buffer_.refer(*known);
    return *known;
  }
  PartId id = write_new(object);
  // A short cut alone: equal parts are found by their bytes, whatever their addresses.
  if (id != MarshalBuffer::kNoPart) known_.add(object, id);
  return id;
}

PartId MarshalWriter::write_new(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyUnicode_Type) return write_str(object);
  if (type == &PyTuple_Type) return write_tuple(object);
  if (type == &PyBytes_Type) return write_bytes(cpython::bytes_view(object));
  if (type == &PyCode_Type) return write_code(object);
  if (type == &PyLong_Type) return write_large_int(object);
  if (type == &PyFloat_Type) return write_float(PyFloat_AS_DOUBLE(object));
  if (type == &PyComplex_Type) return write_complex(PyComplex_AsCComplex(object));
  if (type == &PyFrozenSet_Type) return write_frozenset(object);
  if (type == &PySlice_Type && cpython::kMarshalReadsSlices) return write_slice(object);
  cpython::raise_format(PyExc_ValueError, "unmarshallable constant of type '%.200s'",
                        type->tp_name);
}

bool MarshalWriter::write_int(PyObject* object) {
  std::int32_t value;
  if (!PyLong_CheckExact(object) || !int32_value(object, value)) return false;
  buffer_.byte('i');
  buffer_.int4(value);
  return true;
}

PartId MarshalWriter::write_large_int(PyObject* object) {
  constexpr unsigned kDigitBits = 15;
  std::string bytes(cpython::long_byte_count(object), '\0');
  cpython::long_as_bytes(object, bytes.data(), bytes.size());
  bool negative = (bytes.back() & 0x80) != 0;
  // Two's complement to magnitude, digit by digit.
  std::vector<std::uint16_t> digits;
  std::uint32_t bits = 0;
  unsigned have = 0;
  unsigned carry = negative;
  for (char byte : bytes) {
    unsigned magnitude = static_cast<std::uint8_t>(negative ? ~byte : byte) + carry;
    carry = magnitude >> 8;
    bits |= (magnitude & 0xff) << have;
    have += 8;
    if (have < kDigitBits) continue;
    digits.push_back(bits & ((1u << kDigitBits) - 1));
    bits >>= kDigitBits;
    have -= kDigitBits;
  }
  digits.push_back(static_cast<std::uint16_t>(bits));
  while (digits.back() == 0) digits.pop_back();

  MarshalBuffer::Open part = buffer_.open('l');
  std::int32_t size = count(digits.size());
  buffer_.int4(negative ? -size : size);
  for (std::uint16_t digit : digits) buffer_.int2(digit);
  return buffer_.close(part);
}

PartId MarshalWriter::write_float(double value) {
  MarshalBuffer::Open part = buffer_.open('g');
  buffer_.int8(std::bit_cast<std::uint64_t>(value));
  return buffer_.close(part);
}

PartId MarshalWriter::write_complex(Py_complex value) {
  MarshalBuffer::Open part = buffer_.open('y');
  buffer_.int8(std::bit_cast<std::uint64_t>(value.real));
  buffer_.int8(std::bit_cast<std::uint64_t>(value.imag));
  return buffer_.close(part);
}

PartId MarshalWriter::write_bytes(std::string_view data) {
  MarshalBuffer::Open part = buffer_.open('s');
  write_data(data);
  return buffer_.close(part);
}

void MarshalWriter::write_data(std::string_view data) {
  buffer_.int4(count(data.size()));
  buffer_.raw(data);
}

PartId MarshalWriter::write_str(PyObject* str) {
  Text text = text_of(str);
  bool name = looks_like_name(text.utf8);
  if (text.ascii && text.utf8.size() <= kTinySize) return write_tiny(text.utf8, name);
  if (!name) return write_text(text);
  // Equal ones are one object, which write_part() has not met.
  if (PyUnicode_CHECK_INTERNED(str))
    return buffer_.close_unique(open_text(text, 'Z', 'A'));
  return write_part(interned(str));
}

PartId MarshalWriter::write_tiny(std::string_view text, bool name) {
  buffer_.byte(name ? 'Z' : 'z');
  buffer_.byte(static_cast<char>(text.size()));
  buffer_.raw(text);
  return MarshalBuffer::kNoPart;
}

PartId MarshalWriter::write_text(const Text& text) {
  if (text.ascii) return buffer_.close(open_text(text, 'z', 'a'));
  MarshalBuffer::Open part = buffer_.open('u');
  buffer_.int4(count(text.utf8.size()));
  buffer_.raw(text.utf8);
  return buffer_.close(part);
}

MarshalBuffer::Open MarshalWriter::open_text(const Text& text, char type_if_short,
                                             char type) {
  bool is_short = text.utf8.size() < 256;
  MarshalBuffer::Open part = buffer_.open(is_short ? type_if_short : type);
  if (is_short) {
    buffer_.byte(static_cast<char>(text.utf8.size()));
  } else {
    buffer_.int4(count(text.utf8.size()));
  }
  buffer_.raw(text.utf8);
  return part;
}

// The interned str equal to `str`.
PyObject* MarshalWriter::interned(PyObject* str) {
  PyObject* object = Py_NewRef(str);
  PyUnicode_InternInPlace(&object);
  kept_.push_back(Ref::steal(object));
  if (!PyUnicode_CHECK_INTERNED(object)) throw std::bad_alloc();
  return object;
}

char MarshalWriter::type_of_tuple(PyObject* tuple) {
  return PyTuple_GET_SIZE(tuple) < 256 ? ')' : '(';
}

PartId MarshalWriter::write_tuple(PyObject* tuple) {
  MarshalBuffer::Open part = buffer_.open(type_of_tuple(tuple));
  write_items(tuple);
  return buffer_.close(part);
}

void MarshalWriter::write_items(PyObject* tuple) {
  Py_ssize_t size = PyTuple_GET_SIZE(tuple);
  if (size < 256) {
    buffer_.byte(static_cast<char>(size));
  } else {
    buffer_.int4(count(static_cast<std::size_t>(size)));
  }
  for (Py_ssize_t i = 0; i < size; ++i) write(PyTuple_GET_ITEM(tuple, i));
}

PartId MarshalWriter::write_frozenset(PyObject* set) {
  std::vector<PyObject*> items = in_canonical_order(set);
  MarshalBuffer::Open part = buffer_.open('>');
  buffer_.int4(count(items.size()));
  for (PyObject* item : items) write(item);
  return buffer_.close(part);
}

// Ordered by what each item's blob would be, had it one of its own.
std::vector<PyObject*> MarshalWriter::in_canonical_order(PyObject* set) {
  std::vector<PyObject*> items;
  PyObject* item;
  for (Py_ssize_t position = 0; cpython::set_next(set, &position, &item);)
    items.push_back(item);
  if (items.size() < 2) return items;
  std::vector<std::pair<std::string, PyObject*>> keyed;
  for (PyObject* each : items) {
    auto writer = std::make_unique<MarshalWriter>(depth_);
    writer->write(each);
    keyed.emplace_back(writer->finish(), each);
  }
  std::ranges::sort(keyed);
  std::ranges::transform(keyed, items.begin(), [](auto& pair) { return pair.second; });
  return items;
}

PartId MarshalWriter::write_slice(PyObject* object) {
  auto slice = reinterpret_cast<PySliceObject*>(object);
  MarshalBuffer::Open part = buffer_.open(':');
  for (PyObject* bound : {slice->start, slice->stop, slice->step}) write(bound);
  return buffer_.close(part);
}

PartId MarshalWriter::write_code(PyObject* object) {
  MarshalBuffer::Open part = buffer_.open('c');
  for (std::size_t place = 0; place < cpython::kCodeFieldCount; ++place) {
    write_field(object, cpython::code_field(object, place));
  }
  bool is_root = depth_ == 1;
  return is_root ? buffer_.close_unique(part) : buffer_.close(part);
}

void MarshalWriter::write_field(PyObject* code, const CodeField& field) {
  switch (field.kind) {
    case CodeField::Kind::kNumber:
      return buffer_.int4(field.number);
    case CodeField::Kind::kBytecode:
      return write_unshared(cpython::unspecialised_bytecode(code).get());
    case CodeField::Kind::kObject:
      return write_unshared(field.object);
    case CodeField::Kind::kName:
      write_part(exact(field.object));
      return;
    case CodeField::Kind::kFilename:
      return write_filename(field.object);
  }
}

// A field's tuple or bytes.  Few are equal to another code object's, and a code object
// that is met again is a reference as a whole: it is not worth a comparison.
void MarshalWriter::write_unshared(PyObject* object) {
  enter();
  if (PyTuple_CheckExact(object)) {
    buffer_.byte(type_of_tuple(object));
    write_items(object);
  } else if (PyBytes_CheckExact(object)) {
    buffer_.byte('s');
    write_data(cpython::bytes_view(object));
  } else {
    write_part(object);
  }
  --depth_;
}

// The constructor of code objects accepts derived classes of str as names and file
// names.
PyObject* MarshalWriter::exact(PyObject* str) {
  if (PyUnicode_CheckExact(str)) return str;
  kept_.push_back(checked(PyUnicode_FromObject(str)));
  return kept_.back().get();
}

void MarshalWriter::write_filename(PyObject* filename) {
  if (filename == filename_) return buffer_.refer(filename_part_);
  Text text = text_of(filename);
  std::string_view stable = stable_filename(text.utf8);
  bool same = stable.data() == text.utf8.data();
  PartId id = same ? write_part(exact(filename)) : write_text({stable, true, Ref()});
  if (id == MarshalBuffer::kNoPart) return;
  filename_ = filename;
  filename_part_ = id;
}

std::int32_t MarshalWriter::count(std::size_t size) {
  if (size > kLargestCount) {
    cpython::raise(PyExc_ValueError, "unmarshallable constant: larger than 2 GiB");
  }
  return static_cast<std::int32_t>(size);
}

}  // namespace

Ref pyc_of_code(PyObject* code) {
  MarshalWriter writer(0);
  writer.write(code);
  std::string_view blob = writer.finish();
  Ref pyc = checked(PyBytes_FromStringAndSize(
      nullptr, static_cast<Py_ssize_t>(kPycHeaderSize + blob.size())));
  constexpr char kUncheckedHash = 1;
  char* bytes = PyBytes_AS_STRING(pyc.get());
  std::memset(bytes, 0, kPycHeaderSize);
  std::memcpy(bytes, cpython::bytecode_magic().data(), 4);
  bytes[4] = kUncheckedHash;
  std::memcpy(bytes + kPycHeaderSize, blob.data(), blob.size());
  return pyc;
}

}  // namespace cppickle::bytecode
