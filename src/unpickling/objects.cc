// What a stream names, calls and is given.
#include "cpython/building.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "unpickling/globals.h"
#include "unpickling/unpickler.h"

namespace cppickle::unpickling {

using cpython::checked;
using cpython::checked_lookup;
using cpython::ErrorSet;
using cpython::Ref;

namespace {

Ref decoded_ascii(std::string_view text) {
  return checked(PyUnicode_DecodeASCII(text.data(),
                                       static_cast<Py_ssize_t>(text.size()), nullptr));
}

}  // namespace

// --- Globals -------------------------------------------------------------------------

Ref Unpickler::found_class(PyObject* module, PyObject* name) {
  ForeignCode scope(*this);
  if (hooks_.find_class_of == nullptr)
    return find_global(imported_, module, name, protocol_, hooks_.fix_imports);
  return checked(PyObject_CallMethodObjArgs(
      hooks_.find_class_of, imported_.names.find_class, module, name, nullptr));
}

void Unpickler::load_global_lines() {
  auto name_from = [&] {
    std::string_view line = input_.line();
    if (line.empty()) input_.raise_truncated();
    return checked(PyUnicode_DecodeUTF8(line.data(),
                                        static_cast<Py_ssize_t>(line.size()), nullptr));
  };
  Ref module = name_from();
  Ref name = name_from();
  push(found_class(module.get(), name.get()));
}

void Unpickler::load_stack_global() {
  constexpr char kNoText[] = "STACK_GLOBAL requires str";
  if (!cpython::kCountsNames && stack_.values_above_mark() < 2) raise_error(kNoText);
  Ref name = pop();
  Ref module = pop();
  if (!PyUnicode_CheckExact(module.get()) || !PyUnicode_CheckExact(name.get()))
    raise_error(kNoText);
  push(found_class(module.get(), name.get()));
}

void Unpickler::load_extension(std::int64_t code) {
  if (code <= 0) raise_error("EXT specifies code <= 0");
  Ref number = checked(PyLong_FromLongLong(code));
  PyObject* known =
      checked_lookup(PyDict_GetItemWithError(imported_.extension_cache, number.get()));
  if (known != nullptr) return push_borrowed(known);
  PyObject* entry = checked_lookup(
      PyDict_GetItemWithError(imported_.inverted_registry, number.get()));
  if (entry == nullptr) {
    cpython::raise_format(PyExc_ValueError, "unregistered extension code %lld",
                          static_cast<long long>(code));
  }
  Ref pair = Ref::borrow(entry);
  bool is_pair = PyTuple_Check(entry) && PyTuple_GET_SIZE(entry) == 2 &&
                 PyUnicode_Check(PyTuple_GET_ITEM(entry, 0)) &&
                 PyUnicode_Check(PyTuple_GET_ITEM(entry, 1));
  if (!is_pair) {
    cpython::raise_format(PyExc_ValueError,
                          "_inverted_registry[%lld] isn't a 2-tuple of strings",
                          static_cast<long long>(code));
  }
  Ref found = found_class(PyTuple_GET_ITEM(entry, 0), PyTuple_GET_ITEM(entry, 1));
  cpython::checked_status(
      PyDict_SetItem(imported_.extension_cache, number.get(), found.get()));
  push(std::move(found));
}

// --- Calls ---------------------------------------------------------------------------

void Unpickler::load_reduce() {
  Ref arguments = pop();
  Ref callable = pop();
  ForeignCode scope(*this);
  bool is_code = PyTuple_CheckExact(arguments.get()) &&
                 codes_.covers(callable.get(), arguments.get());
  push(is_code ? codes_.call(callable.get(), arguments.get())
               : checked(PyObject_CallObject(callable.get(), arguments.get())));
}

void Unpickler::load_newobj(bool has_keywords) {
  Ref keywords = has_keywords ? pop() : Ref();
  Ref arguments = pop();
  Ref cls = pop();
  const char* opcode = has_keywords ? "NEWOBJ_EX" : "NEWOBJ";
  auto refuse = [&](const char* format, PyObject* operand) {
    cpython::raise_format(imported_.unpickling_error, format, opcode,
                          Py_TYPE(operand)->tp_name);
  };
  if (!PyType_Check(cls.get()))
    refuse("%s class argument must be a type, not %.200s", cls.get());
  auto type = reinterpret_cast<PyTypeObject*>(cls.get());
  if (type->tp_new == nullptr)
    refuse("%s class argument '%.200s' doesn't have __new__", cls.get());
  if (!PyTuple_Check(arguments.get()))
    refuse("%s args argument must be a tuple, not %.200s", arguments.get());
  if (keywords && !PyDict_Check(keywords.get()))
    refuse("%s kwargs argument must be a dict, not %.200s", keywords.get());
  bool is_plain = !keywords && cpython::is_made_by_object(type) &&
                  PyTuple_GET_SIZE(arguments.get()) == 0;
  if (is_plain) {
    push(checked(type->tp_new(type, arguments.get(), nullptr)));
    return;
  }
  ForeignCode scope(*this);
  push(checked(type->tp_new(type, arguments.get(), keywords.get())));
}

// Calls the class, but for classes without __getinitargs__, and no arguments: their
// __init__ does not run.
Ref Unpickler::instantiated(PyObject* cls, PyObject* arguments) {
  if (PyTuple_GET_SIZE(arguments) == 0 && PyType_Check(cls)) {
    Ref own = cpython::lookup_attribute(cls, imported_.names.getinitargs);
    if (!own) {
      return checked(PyObject_CallMethodOneArg(cls, imported_.names.attr_new, cls));
    }
  }
  return checked(PyObject_CallObject(cls, arguments));
}

void Unpickler::load_obj() {
  std::size_t mark = take_mark();
  if (stack_.size() == mark) raise_underflow();
  load_tuple(stack_.size() - mark - 1);
  Ref arguments = pop();
  Ref cls = pop();
  ForeignCode scope(*this);
  push(instantiated(cls.get(), arguments.get()));
}

void Unpickler::load_inst() {
  std::size_t mark = take_mark();
  auto name_from = [&] {
    std::string_view line = input_.line();
    if (line.empty()) input_.raise_truncated();
    return decoded_ascii(line);
  };
  Ref module = name_from();
  Ref name = name_from();
  Ref cls = found_class(module.get(), name.get());
  load_tuple(stack_.size() - mark);
  Ref arguments = pop();
  ForeignCode scope(*this);
  push(instantiated(cls.get(), arguments.get()));
}

// --- What the caller gives -----------------------------------------------------------

void Unpickler::load_persistent_line() {
  if (hooks_.persistent_load == nullptr && !cpython::kReadsUnusedIds)
    raise_error(cpython::kNoPersistentLoad);
  std::string_view line = input_.line();
  Ref id = Ref::steal(PyUnicode_DecodeASCII(
      line.data(), static_cast<Py_ssize_t>(line.size()), nullptr));
  if (!id) {
    if (PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
      raise_error("persistent IDs in protocol 0 must be ASCII strings");
    throw ErrorSet{};
  }
  push(std::move(id));
  load_persistent();
}

void Unpickler::load_persistent() {
  if (cpython::kReadsUnusedIds) require(1);
  if (hooks_.persistent_load == nullptr) raise_error(cpython::kNoPersistentLoad);
  Ref id = pop();
  ForeignCode scope(*this);
  push(checked(PyObject_CallOneArg(hooks_.persistent_load, id.get())));
}

void Unpickler::load_next_buffer() {
  if (hooks_.buffers == nullptr) {
    raise_error(
        "pickle stream refers to out-of-band data but no *buffers* argument was given");
  }
  ForeignCode scope(*this);
  Ref buffer = Ref::steal(PyIter_Next(hooks_.buffers));
  if (!buffer) {
    if (PyErr_Occurred()) throw ErrorSet{};
    raise_error("not enough out-of-band buffers");
  }
  push(std::move(buffer));
}

void Unpickler::load_readonly_buffer() {
  require(1);
  ForeignCode scope(*this);
  Ref buffer = cpython::readonly_buffer(stack_.top());
  Ref old = pop();
  push(std::move(buffer));
}

}  // namespace cppickle::unpickling
