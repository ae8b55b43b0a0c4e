#include "pickling/native_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/opcode.h"
#include "cpython/arrays.h"
#include "cpython/borrow_scope.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "pickling/hooks.h"
#include "pickling/leaf_writer.h"
#include "pickling/memo.h"
#include "pickling/native_kinds.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::kBatchSize;
using core::Opcode;
using cpython::as_object;
using cpython::checked;
using cpython::Ref;
using Kind = NativeKind;

namespace {

constexpr std::size_t kLongestText = 1000;  // characters of what stays in a frame
constexpr std::size_t kLongestData = 32 * 1024;

Ref tuple_of(std::span<PyObject* const> items) {
  Ref tuple = checked(PyTuple_New(static_cast<Py_ssize_t>(items.size())));
  for (std::size_t i = 0; i < items.size(); ++i)
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), Py_NewRef(items[i]));
  return tuple;
}

}  // namespace

// A sink that calls foreign code may do it anywhere within: it gets what objects
// answer, which owners hold.
bool NativeWriter::write() {
  const Hooks& hooks = pickler_.hooks_;
  // Another protocol that is asked with has other answers.
  bool is_known =
      hooks.reduce_protocol < 0 || hooks.reduce_protocol == pickler_.protocol();
  if (!pickler_.may_use_leaf_writer_ || hooks.foreign_sink || !is_known) return false;
  cpython::note_read(cpython::Read::kReduction, object_);
  cpython::CollectorPause pause;  // finalizers may change what is borrowed
  pause.begin();
  return write_kind();
}

bool NativeWriter::write_kind() {
  switch (reduction_.kind) {
    case Kind::kNone:
      return false;
    case Kind::kMembers:
      return write_members();
    case Kind::kListMember:
      return write_list_member();
    case Kind::kItems:
      return put_call(cpython::own_items(object_), Opcode::NEWOBJ), true;
    case Kind::kText:
      return write_text();
    case Kind::kComplex:
      return write_complex();
    case Kind::kState:
      return write_state();
    case Kind::kDeque:
      return write_deque();
    case Kind::kScalar:
      return write_scalar();
    case Kind::kArray:
      return write_array();
  }
  return false;
}

// --- Calls of the class -----------------------------------------------------

bool NativeWriter::write_members() {
  constexpr std::size_t kMost = 3;
  PyObject* members[kMost];
  std::size_t count = reduction_.offsets.size();
  for (std::size_t i = 0; i < count; ++i) {
    members[i] = reduction_.member(object_, i);
    if (members[i] == nullptr) return false;
  }
  put_call({members, count}, Opcode::REDUCE);
  return true;
}

bool NativeWriter::write_list_member() {
  PyObject* list = reduction_.member(object_, 0);
  if (list == nullptr || !PyList_CheckExact(list)) return false;
  put_call(cpython::own_items(list), Opcode::REDUCE);
  return true;
}

bool NativeWriter::write_complex() {
  Ref real = checked(PyFloat_FromDouble(PyComplex_RealAsDouble(object_)));
  Ref imaginary = checked(PyFloat_FromDouble(PyComplex_ImagAsDouble(object_)));
  PyObject* parts[] = {real.get(), imaginary.get()};
  put_call(parts, Opcode::REDUCE);
  return true;
}

void NativeWriter::put_call(std::span<PyObject* const> arguments, Opcode build) {
  const cpython::Names& names = pickler_.names();
  Script script(pickler_);
  build == Opcode::NEWOBJ
      ? script.save(as_object(Py_TYPE(object_)), Label::kText, names.attr_class_text)
      : script.save(as_object(Py_TYPE(object_)), Label::kAnswer, names.reduce_0);
  put_arguments(script, arguments, build);
  if (script.is_direct()) return finish(build);
  script.op(build).memoize_or_end(object_).start(object_);
}

void NativeWriter::put_arguments(Script& script, std::span<PyObject* const> items,
                                 Opcode build) {
  if (script.is_direct() && !items.empty() && can_write(items)) {
    open(items.size());
    for (PyObject* item : items) {
      pickler_.commit_due_frame();
      pickler_.save_flat(item);
    }
    return close(items.size());
  }
  const cpython::Names& names = pickler_.names();
  // As a step it has an owner, and so it has when it is written right away: the memo.
  if (script.is_direct() && !items.empty()) pickler_.before_foreign_code();
  script.save(tuple_of(items).get(), Label::kAnswer,
              build == Opcode::NEWOBJ ? names.getnewargs_call : names.reduce_1);
}

// True when each item is written at once.
bool NativeWriter::can_write(std::span<PyObject* const> items) const {
  return std::ranges::all_of(
      items, [&](PyObject* item) { return pickler_.is_short_leaf(item); });
}

void NativeWriter::open(std::size_t size) {
  pickler_.commit_due_frame();
  if (size > 3) pickler_.op(Opcode::MARK);
}

void NativeWriter::close(std::size_t size) {
  constexpr Opcode kOpcodes[] = {Opcode::TUPLE1, Opcode::TUPLE2, Opcode::TUPLE3};
  pickler_.op(size > 3 ? Opcode::TUPLE : kOpcodes[size - 1]);
  pickler_.memoize_anonymous();
}

// The text is in no memo: nobody holds it.  A stream with code may have its like.
bool NativeWriter::write_text() {
  Ref text = checked(PyObject_Str(object_));
  PyObject* parts[] = {text.get()};
  bool is_new =
      PyUnicode_CheckExact(text.get()) && cpython::is_sole_reference(text.get()) &&
      static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.get())) < kLongestText &&
      !pickler_.memo_.has_code();
  if (!is_new || !pickler_.get(as_object(Py_TYPE(object_)))) {
    // What is written right away has the memo as its owner.
    pickler_.before_foreign_code();
    put_call(parts, Opcode::REDUCE);
    return true;
  }
  open(1);
  pickler_.commit_due_frame();
  pickler_.emit_str(text.get());
  pickler_.memoize_anonymous();
  close(1);
  finish(Opcode::REDUCE);
  return true;
}

// The object is on the unpickler's stack but for the last opcode.
void NativeWriter::finish(Opcode build) {
  pickler_.op(build);
  pickler_.emitter_.memoize(pickler_.next_index(object_, 1));
}

// --- A state ----------------------------------------------------------------

bool NativeWriter::write_state() {
  PyObject* value = reduction_.member(object_, 0);
  if (value == nullptr || reduction_.member(object_, 1) != reduction_.constant.get())
    return false;
  PyObject* key = reduction_.key.get();
  Script script(pickler_);
  script
      .save(as_object(Py_TYPE(object_)), Label::kText, pickler_.names().attr_class_text)
      .object_begins()
      .op(Opcode::EMPTY_TUPLE)
      .op(Opcode::NEWOBJ)
      .memoize_or_end(object_);
  script.object_begins().op(Opcode::EMPTY_DICT).memoize_anonymous();
  script.save(key).save(value, Label::kAttribute, key);
  script.op(Opcode::SETITEM).op(Opcode::BUILD).start(object_);
  return true;
}

// --- Items ------------------------------------------------------------------

// Only a deque of leaves, which needs no frame.
bool NativeWriter::write_deque() {
  PyObject* cls = as_object(Py_TYPE(object_));
  if (!pickler_.is_memoized(cls)) return false;
  Ref maxlen = cpython::own_attribute(object_, "maxlen");
  Ref list = checked(PySequence_List(object_));
  std::span<PyObject* const> items = cpython::own_items(list.get());
  if (!maxlen || !std::ranges::all_of(items, LeafWriter::is_leaf)) return false;
  pickler_.get(cls);
  pickler_.commit_due_frame();
  if (maxlen.get() == Py_None) {
    pickler_.op(Opcode::EMPTY_TUPLE);
  } else {
    pickler_.commit_due_frame();
    pickler_.op(Opcode::EMPTY_TUPLE);
    pickler_.commit_due_frame();
    pickler_.save_leaf(maxlen.get());
    close(2);
  }
  finish(Opcode::REDUCE);
  write_items(items);
  return true;
}

void NativeWriter::write_items(std::span<PyObject* const> items) {
  while (!items.empty()) {
    std::size_t size = std::min<std::size_t>(items.size(), kBatchSize);
    if (size > 1) pickler_.op(Opcode::MARK);
    for (std::size_t written = 0; written < size;) {
      pickler_.commit_due_frame();
      written += pickler_.save_leaves(items.data() + written, size - written);
    }
    pickler_.op(size > 1 ? Opcode::APPENDS : Opcode::APPEND);
    items = items.subspan(size);
  }
}

// --- Numpy ------------------------------------------------------------------

// Pushes what is called, when both it and the dtype are in the memo.
bool NativeWriter::get_callable(PyObject* dtype) {
  return pickler_.is_memoized(dtype) && pickler_.get(reduction_.callable.get());
}

void NativeWriter::put_bytes(std::string_view data) {
  pickler_.emitter_.bytes(data, nullptr);
  // As Pickler::emit_bytes() has it.
  if (pickler_.memo_.strings() != Memo::Strings::kByContent)
    pickler_.memoize_anonymous();
}

// The dtype of a type of scalars is always the same.
bool NativeWriter::write_scalar() {
  if (reduction_.dtypes.size() != 1) return false;
  const NativeReduction::Dtype& known = reduction_.dtypes[0];
  if (!get_callable(known.dtype.get())) return false;
  open(2);
  pickler_.commit_due_frame();
  pickler_.get(known.dtype.get());
  pickler_.commit_due_frame();
  put_bytes(cpython::scalar_bytes(object_, known.item_size));
  close(2);
  finish(Opcode::REDUCE);
  return true;
}

bool NativeWriter::write_array() {
  const Hooks& hooks = pickler_.hooks_;
  cpython::ArrayView view = cpython::array_view(object_);
  const NativeReduction::Dtype* known = reduction_.find(view.dtype);
  bool in_order = view.c_contiguous || view.fortran_contiguous;
  if (pickler_.protocol() < 5 || hooks.buffer_callback != nullptr || known == nullptr ||
      !in_order || view.warns_on_write)
    return false;
  std::string_view data = view.bytes(known->item_size);
  if (data.size() > kLongestData || !get_callable(view.dtype)) return false;
  open(4);
  pickler_.commit_due_frame();
  if (view.writeable) {
    pickler_.emitter_.bytearray8(data, nullptr);
    pickler_.memoize_anonymous();
  } else {
    put_bytes(data);
  }
  pickler_.commit_due_frame();
  pickler_.get(view.dtype);
  write_shape(view.shape);
  pickler_.commit_due_frame();
  // A string of one character is always the same.
  pickler_.save_leaf(
      checked(PyUnicode_FromString(view.c_contiguous ? "C" : "F")).get());
  close(4);
  finish(Opcode::REDUCE);
  return true;
}

void NativeWriter::write_shape(std::span<const Py_ssize_t> shape) {
  pickler_.commit_due_frame();
  if (shape.empty()) return pickler_.op(Opcode::EMPTY_TUPLE);
  open(shape.size());
  for (Py_ssize_t length : shape) {
    pickler_.commit_due_frame();
    pickler_.save_leaf(checked(PyLong_FromSsize_t(length)).get());
  }
  close(shape.size());
}

}  // namespace cppickle::pickling
