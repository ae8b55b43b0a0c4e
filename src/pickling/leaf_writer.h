// The common leaves, and short tuples of them, straight to memory.
#ifndef CPPICKLE_PICKLING_LEAF_WRITER_H_
#define CPPICKLE_PICKLING_LEAF_WRITER_H_

#include "core/emitter.h"
#include "core/encoding.h"
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/reads.h"
#include "pickling/memo.h"

namespace cppickle::pickling {

// Writes at protocol 4 and later.  Functions take where to write and answer where the
// next goes, or null for an object that is none of theirs, of which nothing is written.
// No foreign code runs.  That places are values and no members keeps them in registers.
// REQUIRES: one of the plain modes: binary, a memo, no persistent ids, a sink that runs
// no foreign code.
class LeafWriter {
 public:
  // With the opcode MEMOIZE.
  static constexpr std::size_t kLongestLeaf =
      core::kShortTextHeader + core::kLongestShortText + 1;
  static constexpr std::size_t kLongestTuple = 3 * kLongestLeaf + 2;

  explicit LeafWriter(Memo& memo) : memo_(memo) {}

  // True for what leaf() writes.
  static bool is_leaf(PyObject* object) {
    if (PyUnicode_CheckExact(object)) return is_short(object);
    return cpython::is_compact_int(object) || PyFloat_CheckExact(object) ||
           object == Py_None || PyBool_Check(object);
  }

  // A compact int, short ASCII string, float, bool or None.
  // REQUIRES: room for kLongestLeaf.
  [[gnu::always_inline]] char* leaf(char* p, PyObject* object) const {
    PyTypeObject* type = Py_TYPE(object);
    if (type == &PyUnicode_Type) return is_short(object) ? text(p, object) : nullptr;
    if (type == &PyLong_Type) return compact_int(p, object);
    if (type == &PyFloat_Type) return core::put_float8(p, PyFloat_AS_DOUBLE(object));
    if (object == Py_None) return core::put(p, core::Opcode::NONE);
    if (object == Py_True) return core::put(p, core::Opcode::NEWTRUE);
    if (object == Py_False) return core::put(p, core::Opcode::NEWFALSE);
    return nullptr;
  }

  // A tuple of up to three such leaves that nothing else refers to.
  // REQUIRES: room for kLongestTuple, and that no frame is due within.
  char* short_tuple(char* p, PyObject* tuple) const {
    constexpr core::Opcode kOpcodes[] = {core::Opcode::TUPLE1, core::Opcode::TUPLE2,
                                         core::Opcode::TUPLE3};
    Py_ssize_t size = PyTuple_GET_SIZE(tuple);
    if (size == 0 || size > 3 || !is_unshared(tuple)) return nullptr;
    for (Py_ssize_t i = 0; i < size; ++i) {
      if (!is_leaf(PyTuple_GET_ITEM(tuple, i))) return nullptr;
    }
    cpython::note_read(cpython::Read::kContent, tuple);
    for (Py_ssize_t i = 0; i < size; ++i) p = leaf(p, PyTuple_GET_ITEM(tuple, i));
    memo_.add_sole_reference(tuple);
    return core::put(core::put(p, kOpcodes[size - 1]), core::Opcode::MEMOIZE);
  }

  // An object that is in the memo.  Kept out of the loops of leaves, which it would
  // take registers from.
  // REQUIRES: room for kLongestLeaf.
  [[gnu::noinline]] char* memoized(char* p, PyObject* object) const {
    if (is_unshared(object)) return nullptr;
    std::size_t index =
        PyUnicode_CheckExact(object) ? memo_.find_text(object) : memo_.find(object);
    if (index > UINT32_MAX) return nullptr;
    return core::put_get(p, static_cast<std::uint32_t>(index));
  }

  // Fetches what leaf() is going to read for an object that is next but some.
  void prefetch(PyObject* object) const {
    if (PyUnicode_CheckExact(object) && !is_unshared(object)) memo_.prefetch(object);
  }

 private:
  bool is_unshared(PyObject* object) const {
    return memo_.borrows_keys() && cpython::is_sole_reference(object);
  }
  static bool is_short(PyObject* text) {
    auto length = static_cast<std::size_t>(PyUnicode_GET_LENGTH(text));
    return PyUnicode_IS_COMPACT_ASCII(text) && length <= core::kLongestShortText;
  }
  static char* compact_int(char* p, PyObject* object) {
    std::int32_t value;
    return cpython::small_int(object, value) ? core::put_int4(p, value) : nullptr;
  }
  char* text(char* p, PyObject* object) const {
    if (memo_.strings() == Memo::Strings::kByContent) [[unlikely]]
      return bare_text(p, object);
    if (std::size_t index = memo_.find_or_add_text(object); index != Memo::kAbsent) {
      if (index > UINT32_MAX) throw core::TooLarge{"memo"};
      return core::put_get(p, static_cast<std::uint32_t>(index));
    }
    return core::put(bare_text(p, object), core::Opcode::MEMOIZE);
  }
  static char* bare_text(char* p, PyObject* object) {
    std::string_view ascii = cpython::compact_ascii(object);
    return core::put_short_text(p, ascii.data(), ascii.size());
  }

  Memo& memo_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_LEAF_WRITER_H_
