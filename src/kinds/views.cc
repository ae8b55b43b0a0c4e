#include "kinds/views.h"

#include <cstdint>
#include <span>
#include <string_view>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/memo.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::as_object;
using cpython::checked;
using cpython::checked_status;
using cpython::Names;
using cpython::own_items;
using cpython::read_attribute;
using cpython::Ref;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::end_tuple;
using stream::save_call;
using stream::StreamState;

namespace {

// --- memoryview ---------------------------------------------------------------------

// Calls around an expression: each begins before what it is about, and ends after it.
void begin_method(Script& script, PyObject* name) {
  script.save(cpython::read_type_lookup(&PyMemoryView_Type, name)).op(Opcode::MARK);
}
void end_call(Script& script) { script.op(Opcode::TUPLE).op(Opcode::REDUCE); }

void write_view_of(Script& script, PyObject* content) {
  script.save(as_object(&PyMemoryView_Type));
  begin_tuple(script, 1);
  script.save(content, Label::kText, script.pickler().names().obj_text);
  end_tuple(script, 1);
  script.op(Opcode::REDUCE);
}

// What memoryview.cast takes to give the view its format and shape.
void write_format(Script& script, PyObject* view, PyObject* format) {
  script.save(format);
  if (PyMemoryView_GET_BUFFER(view)->ndim != 1)
    script.save(checked(PyObject_GetAttrString(view, "shape")).get());
}

bool is_of_bytes(PyObject* format, const Py_buffer& buffer) {
  return buffer.ndim == 1 && PyUnicode_CompareWithASCIIString(format, "B") == 0;
}

// True for a format that memoryview.cast knows; those of ctypes and of structured
// arrays it does not.
bool can_be_cast(PyObject* format, const Py_buffer& buffer) {
  Ref item = checked(PyByteArray_FromStringAndSize(nullptr, buffer.itemsize));
  Ref flat = checked(PyMemoryView_FromObject(item.get()));
  Ref cast = Ref::steal(PyObject_CallMethod(flat.get(), "cast", "O", format));
  if (!cast) PyErr_Clear();
  return static_cast<bool>(cast);
}

// Over a copy of what the view shows.
void write_copied_view(Script& script, PyObject* view, PyObject* format) {
  Pickler& pickler = script.pickler();
  const Py_buffer& buffer = *PyMemoryView_GET_BUFFER(view);
  bool flat = is_of_bytes(format, buffer);
  if (!flat && !can_be_cast(format, buffer)) {
    pickler.fail(pickler.imported().pickling_error,
                 "cannot pickle a memoryview of format %R without its object", format);
  }
  Ref content = checked(PyObject_CallMethod(view, "tobytes", nullptr));
  // Over bytes the view would be read-only there.
  if (!buffer.readonly) content = checked(PyByteArray_FromObject(content.get()));
  if (!flat) begin_method(script, pickler.names().cast);
  write_view_of(script, content.get());
  if (flat) return;
  write_format(script, view, format);
  end_call(script);
}

bool is_same(PyObject* left, PyObject* right, const char* attribute) {
  Ref one = checked(PyObject_GetAttrString(left, attribute));
  Ref other = checked(PyObject_GetAttrString(right, attribute));
  return checked_status(PyObject_RichCompareBool(one.get(), other.get(), Py_EQ)) != 0;
}

// slice(begin, begin + count * step, step)
Ref slice_of(Py_ssize_t begin, Py_ssize_t count, Py_ssize_t step) {
  // One that goes back to the first item ends before it.
  Py_ssize_t end = begin + count * step;
  return checked(PyObject_CallFunction(
      as_object(&PySlice_Type), "nNn", begin,
      end < 0 ? Py_NewRef(Py_None) : PyLong_FromSsize_t(end), step));
}

// How a view is made of one of all the memory.
struct Derivation {
  enum class Kind : std::uint8_t { kNone, kSame, kSliced, kCast };
  Kind kind = Kind::kNone;
  Ref slice;  // of items, or for a cast of bytes
};

Derivation derivation_of(PyObject* view, PyObject* whole, PyObject* format) {
  using Kind = Derivation::Kind;
  const Py_buffer& buffer = *PyMemoryView_GET_BUFFER(view);
  const Py_buffer& memory = *PyMemoryView_GET_BUFFER(whole);
  Py_ssize_t begin = static_cast<char*>(buffer.buf) - static_cast<char*>(memory.buf);
  bool same_format = is_same(view, whole, "format");
  if (begin == 0 && same_format && is_same(view, whole, "shape") &&
      is_same(view, whole, "strides"))
    return {Kind::kSame, Ref()};
  if (same_format && buffer.ndim == 1 && memory.ndim == 1 && memory.strides[0] != 0 &&
      begin % memory.strides[0] == 0) {
    return {Kind::kSliced, slice_of(begin / memory.strides[0], buffer.shape[0],
                                    buffer.strides[0] / memory.strides[0])};
  }
  bool contiguous =
      PyBuffer_IsContiguous(&memory, 'C') && PyBuffer_IsContiguous(&buffer, 'C');
  if (contiguous && can_be_cast(format, buffer))
    return {Kind::kCast, slice_of(begin, buffer.len, 1)};
  return {};
}

// Objects that are no more than the bytes that they give a view of.
bool consists_of_bytes(PyObject* owner) {
  return PyBytes_CheckExact(owner) || PyByteArray_CheckExact(owner) ||
         std::string_view(Py_TYPE(owner)->tp_name) == "array.array";
}

// Over the object whose memory it is, where that is in the stream, all of it is shown,
// or nothing else can be done.  False, and nothing is written, where it is to be a
// copy.
bool write_linked_view(Script& script, PyObject* view, PyObject* format) {
  using Kind = Derivation::Kind;
  Pickler& pickler = script.pickler();
  const Names& names = pickler.names();
  const Py_buffer& buffer = *PyMemoryView_GET_BUFFER(view);
  PyObject* owner = buffer.obj;
  if (owner == nullptr || !pickler.memoizing()) return false;
  bool sent = pickler.is_memoized(owner) || !can_be_cast(format, buffer);
  if (!sent && !consists_of_bytes(owner)) return false;
  Ref whole = checked(PyMemoryView_FromObject(owner));
  const Py_buffer& memory = *PyMemoryView_GET_BUFFER(whole.get());
  if (!sent && buffer.len != memory.len) return false;
  Derivation derivation = derivation_of(view, whole.get(), format);
  if (derivation.kind == Kind::kNone) return false;

  bool protects = buffer.readonly && !memory.readonly;
  bool casts = derivation.kind == Kind::kCast;
  if (protects) begin_method(script, names.toreadonly);
  if (casts) begin_method(script, names.cast);
  if (derivation.slice) begin_method(script, names.getitem);
  if (casts) begin_method(script, names.cast);
  write_view_of(script, owner);
  if (casts) end_call(script.save(names.bytes_format));
  if (derivation.slice) end_call(script.save(derivation.slice.get()));
  if (casts) {
    write_format(script, view, format);
    end_call(script);
  }
  if (protects) end_call(script);
  return true;
}

// --- Dict views ---------------------------------------------------------------------

// The dict that the other side looks at: keys alone, numbered values, or items.
Ref shown_dict(PyObject* view, bool keys, bool values, PyObject* dict_type) {
  Ref shown = checked(PyObject_CallNoArgs(dict_type));
  Ref list = checked(PySequence_List(view));
  Py_ssize_t count = 0;
  for (PyObject* item : own_items(list.get())) {
    Ref number = checked(PyLong_FromSsize_t(count++));
    PyObject* key = keys ? item : values ? number.get() : own_items(item)[0];
    PyObject* value = keys ? Py_None : values ? item : own_items(item)[1];
    checked_status(PyObject_SetItem(shown.get(), key, value));
  }
  cpython::note_made(shown.get());
  return shown;
}

// From now on the dict of what is shown stands for the dict itself (stand_ins.cc),
// unless that has been met in it.
void note_stand_in(Pickler& pickler, PyObject* note) {
  std::span<PyObject* const> parts = own_items(note);
  if (!pickler.is_memoized(parts[0]))
    pickler.memo().note_stand_in(parts[0], parts[1], parts[2]);
}

// The dict itself, where it is in the stream or the view shows all of it; else one of
// what is shown.
void write_viewed_dict(Script& script, PyObject* view, PyObject* dict, PyObject* kind,
                       PyObject* dict_type) {
  Pickler& pickler = script.pickler();
  const Names& names = pickler.names();
  bool plain = PyDict_CheckExact(dict) && pickler.memoizing();
  const pickling::Memo::StandIn* known =
      plain ? pickler.memo().stand_in_for(dict) : nullptr;
  bool shows_all =
      plain && (kind == names.items || (known != nullptr && known->kind.get() != kind));
  if (pickler.is_memoized(dict) || shows_all) {
    script.save(dict, Label::kText, names.mapping_text);
    return;
  }
  if (known != nullptr) {
    script.get(known->stand_in.get());
    return;
  }
  Ref shown = shown_dict(view, kind == names.keys, kind == names.values, dict_type);
  if (kind == names.items) {
    script.save(shown.get(), Label::kText, names.mapping_text);
  } else {
    script.save(shown.get(), kind == names.values ? Label::kListed : Label::kNone);
  }
  if (plain)
    script.call(note_stand_in, checked(PyTuple_Pack(3, dict, shown.get(), kind)).get());
}

bool is_true(PyObject* object, PyObject* method_name) {
  Ref answer = checked(PyObject_CallMethodNoArgs(object, method_name));
  return checked_status(PyObject_IsTrue(answer.get())) != 0;
}

bool is_standard_stream(PyObject* file, const char* name) {
  return PySys_GetObject(name) == file;
}

void refuse_unreadable(Pickler& pickler, PyObject* file) {
  const Names& names = pickler.names();
  PyObject* error = pickler.imported().pickling_error;
  if (is_standard_stream(file, "stdin"))
    pickler.fail(error, "Cannot pickle standard input");
  Ref name = cpython::read_attribute_or_none(file, names.lookup_name);
  Ref mode = cpython::read_attribute_or_none(file, names.mode);
  if (!name || !mode)
    pickler.fail(error, "Cannot pickle files that do not map to an actual file");
  Ref closed = read_attribute(file, names.closed);
  if (checked_status(PyObject_IsTrue(closed.get())))
    pickler.fail(error, "Cannot pickle closed files");
  if (is_true(file, names.isatty))
    pickler.fail(error, "Cannot pickle files that map to tty objects");
  Ref text = checked(PyObject_Str(mode.get()));
  Py_ssize_t length = PyUnicode_GET_LENGTH(text.get());
  bool readable = PyUnicode_FindChar(text.get(), 'r', 0, length, 1) >= 0 ||
                  PyUnicode_FindChar(text.get(), '+', 0, length, 1) >= 0;
  if (!readable)
    pickler.fail(error, "Cannot pickle files that are not opened for reading: %S",
                 mode.get());
}

struct TextContent {
  Ref text;
  Ref position;
};

TextContent content_of(Pickler& pickler, PyObject* file) {
  const Names& names = pickler.names();
  TextContent content;
  content.position = checked(PyObject_CallMethodNoArgs(file, names.tell));
  Ref start = checked(PyLong_FromLong(0));
  checked(PyObject_CallMethodOneArg(file, names.seek, start.get()));
  content.text = checked(PyObject_CallMethodNoArgs(file, names.read));
  checked(PyObject_CallMethodOneArg(file, names.seek, content.position.get()));
  return content;
}

}  // namespace

bool save_mapping_proxy(StreamState&, Pickler& pickler, PyObject* proxy) {
  save_call(pickler, proxy, as_object(cpython::read_type(proxy)),
            {cpython::read_proxied(proxy)});
  return true;
}

bool save_memory_view(StreamState&, Pickler& pickler, PyObject* view) {
  pickler.before_foreign_code();
  Ref format = read_attribute(view, pickler.names().format);  // fails when released
  Script script(pickler);
  if (!write_linked_view(script, view, format.get()))
    write_copied_view(script, view, format.get());
  script.memoize(view).start(view);
  return true;
}

bool save_dict_view(StreamState&, Pickler& pickler, PyObject* view) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  PyTypeObject* type = cpython::read_type(view);
  bool ordered = type == &PyODictKeys_Type || type == &PyODictValues_Type ||
                 type == &PyODictItems_Type;
  bool keys = type == &PyDictKeys_Type || type == &PyODictKeys_Type;
  bool values = type == &PyDictValues_Type || type == &PyODictValues_Type;
  PyObject* kind = keys ? names.keys : values ? names.values : names.items;
  PyObject* dict_type = ordered ? pickler.imported().ordered_dict
                                : reinterpret_cast<PyObject*>(&PyDict_Type);
  Ref method = read_attribute(dict_type, kind);
  Ref proxy = read_attribute(view, names.mapping);
  Ref dict = Ref::borrow(cpython::read_proxied(proxy.get()));
  Script script(pickler);
  script.save(method.get());
  begin_tuple(script, 1);
  write_viewed_dict(script, view, dict.get(), kind, dict_type);
  end_tuple(script, 1);
  script.op(Opcode::REDUCE).memoize(view).start(view);
  return true;
}

bool save_text_file(StreamState&, Pickler& pickler, PyObject* file) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  for (PyObject* name : {names.stdout_, names.stderr_}) {
    if (is_standard_stream(file, PyUnicode_AsUTF8(name))) {
      pickler.emit_global(file, names.sys, name);
      return true;
    }
  }
  refuse_unreadable(pickler, file);
  TextContent content = content_of(pickler, file);
  Ref name = read_attribute(file, names.lookup_name);
  Ref attributes = checked(PyDict_New());
  checked_status(PyDict_SetItem(attributes.get(), names.lookup_name, name.get()));
  // io.StringIO.__setstate__ takes the text, the newline, the position and the
  // attributes.
  Ref position = checked(PyLong_FromSsize_t(PyUnicode_GET_LENGTH(content.text.get())));
  // What tell() answers counts bytes and a decoder's state: it may lie beyond the text.
  if (PyObject_RichCompareBool(content.position.get(), position.get(), Py_LT) == 1) {
    position = std::move(content.position);
  }
  Ref state = checked(PyTuple_Pack(4, content.text.get(), names.newline, position.get(),
                                   attributes.get()));
  Script script(pickler);
  script.save(pickler.imported().string_io)
      .save(pickler.imported().empty_tuple)
      .op(Opcode::REDUCE);
  script.memoize(file).save(state.get()).op(Opcode::BUILD).start(file);
  return true;
}

}  // namespace cppickle::kinds
