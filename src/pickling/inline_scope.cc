// What is written at once: leaves, short tuples of them, what is in the memo, globals.
#include "pickling/inline_scope.h"

#include <cstddef>

#include "cpython/compat.h"
#include "pickling/pickler.h"

namespace cppickle::pickling {

bool Pickler::is_short_leaf(PyObject* object) const {
  constexpr Py_ssize_t kShortText = 1000;  // characters
  if (PyUnicode_CheckExact(object)) return PyUnicode_GET_LENGTH(object) < kShortText;
  return object == Py_None || PyBool_Check(object) || PyFloat_CheckExact(object) ||
         cpython::is_compact_int(object) || is_short_bytes(object);
}

bool Pickler::is_inline_tuple(PyObject* tuple) const {
  constexpr Py_ssize_t kFewItems = 8;
  Py_ssize_t size = PyTuple_GET_SIZE(tuple);
  if (size == 0) return true;
  if (asks_for_ids() || size > kFewItems) return false;
  for (Py_ssize_t i = 0; i < size; ++i) {
    if (!is_short_leaf(PyTuple_GET_ITEM(tuple, i))) return false;
  }
  return true;
}

// True when no frame gets due before the last item of a tuple is written: the standard
// pickler would end it there.
bool Pickler::fits_frame(PyObject* tuple) const {
  constexpr std::size_t kMostOfOthers = 16;
  std::size_t most = 1;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); ++i) {
    PyObject* item = PyTuple_GET_ITEM(tuple, i);
    most += kMostOfOthers;
    if (PyUnicode_CheckExact(item)) {
      auto length = static_cast<std::size_t>(PyUnicode_GET_LENGTH(item));
      most += PyUnicode_IS_COMPACT_ASCII(item) ? length : 4 * length;
    } else if (PyBytes_CheckExact(item)) {
      most += static_cast<std::size_t>(PyBytes_GET_SIZE(item));
    }
  }
  return keeps_frame_open_ || most < emitter_.frame_room();
}

bool Pickler::try_save_inline(PyObject* object) {
  if (frame_is_due() || asks_for_ids() || is_written_through(object)) return false;
  if (save_flat(object) || get(object)) return true;
  PyTypeObject* type = Py_TYPE(object);
  // Its items are short leaves: none of them needs a frame of the work stack.
  if (type == &PyTuple_Type && is_inline_tuple(object) && fits_frame(object)) {
    InlineScope inline_scope(*this);
    return save_tuple(object), true;
  }
  if (hooks_.reducer_override != nullptr || protocol() < 4) return false;
  // As in save_object(): plain classes and functions come before the dispatch table,
  // classes of other metaclasses after it.
  if (PyType_Check(object) && type != &PyType_Type && may_have_reducer(type)) {
    return false;
  }
  return reducers_.try_save_inline(*this, object);
}

}  // namespace cppickle::pickling
