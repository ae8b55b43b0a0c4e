#include "kinds/views.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/script.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::checked_status;
using cpython::Names;
using cpython::own_items;
using cpython::read_attribute;
using cpython::Ref;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::end_tuple;
using stream::save_call;
using stream::StreamState;

namespace {

PyObject* type_of(PyObject* object) {
  return cpython::as_object(cpython::read_type(object));
}

// A plain byte view of a copy of what the view shows.
void write_flat_view(Script& script, PyObject* view, const Py_buffer& buffer) {
  Ref content = checked(PyObject_CallMethod(view, "tobytes", nullptr));
  // Over bytes the view would be read-only there.
  if (!buffer.readonly) content = checked(PyByteArray_FromObject(content.get()));
  script.save(reinterpret_cast<PyObject*>(&PyMemoryView_Type));
  begin_tuple(script, 1);
  script.save(content.get());
  end_tuple(script, 1);
  script.op(Opcode::REDUCE);
}

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
  return shown;
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
  save_call(pickler, proxy, type_of(proxy), {cpython::read_proxied(proxy)});
  return true;
}

bool save_memory_view(StreamState&, Pickler& pickler, PyObject* view) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  const Py_buffer& buffer = *PyMemoryView_GET_BUFFER(view);
  Ref format = checked(PyObject_GetAttrString(view, "format"));
  bool flat =
      buffer.ndim == 1 && PyUnicode_CompareWithASCIIString(format.get(), "B") == 0;
  Script script(pickler);
  if (!flat) {
    script.save(cpython::read_type_lookup(&PyMemoryView_Type, names.cast))
        .op(Opcode::MARK);
  }
  write_flat_view(script, view, buffer);
  if (!flat) {
    script.save(format.get());
    if (buffer.ndim != 1)
      script.save(checked(PyObject_GetAttrString(view, "shape")).get());
    script.op(Opcode::TUPLE).op(Opcode::REDUCE);
  }
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
  PyObject* dict_type = ordered ? pickler.imported().ordered_dict
                                : reinterpret_cast<PyObject*>(&PyDict_Type);
  Ref shown = shown_dict(view, keys, values, dict_type);
  Ref method = read_attribute(dict_type, keys     ? names.keys
                                         : values ? names.values
                                                  : names.items);
  save_call(pickler, view, method.get(), {shown.get()});
  return true;
}

// The reference keeps nothing alive there either; one that is dead here is made to
// something that dies.
bool save_weak_reference(StreamState&, Pickler& pickler, PyObject* weak) {
  pickler.before_foreign_code();
  Ref referent = cpython::weakly_referenced(weak);
  if (!referent) referent = checked(PySet_New(nullptr));
  Ref callback = read_attribute(weak, pickler.names().callback);
  if (callback.get() == Py_None) {
    save_call(pickler, weak, type_of(weak), {referent.get()});
  } else {
    save_call(pickler, weak, type_of(weak), {referent.get(), callback.get()});
  }
  return true;
}

bool save_weak_method(StreamState&, Pickler& pickler, PyObject* weak) {
  pickler.before_foreign_code();
  Ref method = checked(PyObject_CallNoArgs(weak));
  if (method.get() == Py_None)
    pickler.fail(pickler.imported().pickling_error, "cannot pickle a dead WeakMethod");
  save_call(pickler, weak, type_of(weak), {method.get()});
  return true;
}

bool save_weak_set(StreamState&, Pickler& pickler, PyObject* set) {
  pickler.before_foreign_code();
  Ref items = checked(PySequence_List(set));
  save_call(pickler, set, type_of(set), {items.get()});
  return true;
}

bool save_as_dict(StreamState&, Pickler& pickler, PyObject* dict) {
  pickler.before_foreign_code();
  Ref items =
      checked(PyObject_CallOneArg(reinterpret_cast<PyObject*>(&PyDict_Type), dict));
  save_call(pickler, dict, type_of(dict), {items.get()});
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
