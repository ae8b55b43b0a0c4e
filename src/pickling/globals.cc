// Globals by reference: functions, classes and other objects that an import finds
// again.
#include <string_view>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "pickling/memo.h"
#include "pickling/name_observer.h"
#include "pickling/pickler.h"
#include "pickling/script.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::checked;
using cpython::checked_lookup;
using cpython::ErrorSet;
using cpython::Ref;

namespace {

// Bytes that two names and their opcodes take at most.
std::size_t longest_names(PyObject* module, PyObject* qualname) {
  constexpr std::size_t kOpcodes = 64, kUtf8Bytes = 4;
  auto length = PyUnicode_GET_LENGTH(module) + PyUnicode_GET_LENGTH(qualname);
  return kOpcodes + kUtf8Bytes * static_cast<std::size_t>(length);
}

struct Found {
  Ref value;   // empty: not found, and an AttributeError is set
  Ref parent;  // what the last part of the name was looked up in
};

// Walks a dotted name.
Found find_dotted(PyObject* module, PyObject* qualname) {
  Ref dot = checked(PyUnicode_FromString("."));
  Ref parts = checked(PyUnicode_Split(qualname, dot.get(), -1));
  Found found{Ref::borrow(module), Ref()};
  for (Py_ssize_t i = 0; found.value && i < PyList_GET_SIZE(parts.get()); ++i) {
    PyObject* part = PyList_GET_ITEM(parts.get(), i);
    found.parent = std::move(found.value);
    if (PyUnicode_CompareWithASCIIString(part, "<locals>") == 0) {
      PyErr_Format(PyExc_AttributeError, "%R is local", qualname);
    } else {
      found.value = Ref::steal(PyObject_GetAttr(found.parent.get(), part));
    }
  }
  if (!found.value && !PyErr_ExceptionMatches(PyExc_AttributeError)) throw ErrorSet{};
  return found;
}

bool is_local(PyObject* qualname) {
  const char* text = PyUnicode_AsUTF8(qualname);
  if (text == nullptr) PyErr_Clear();
  return text != nullptr &&
         std::string_view(text).find("<locals>") != std::string_view::npos;
}

// True when `parent` is a global of this name: saving it comes to an end.
bool is_called(PyObject* parent, PyObject* name, const cpython::Names& names) {
  Ref own = cpython::lookup_attribute(parent, names.qualname);
  return own && PyUnicode_Check(own.get()) && PyUnicode_Compare(own.get(), name) == 0;
}

// The module in which `object` is found under its name, for objects without a
// __module__: pickle.whichmodule().
Ref search_modules(PyObject* object, PyObject* qualname, const cpython::Names& names) {
  Ref modules = checked(PyDict_Copy(cpython::loaded_modules()));  // lookups may import
  Py_ssize_t position = 0;
  PyObject *name, *module;
  while (PyDict_Next(modules.get(), &position, &name, &module)) {
    if (!PyUnicode_Check(name) || module == Py_None) continue;
    // The main module is the answer when no other has it.
    if (PyUnicode_Compare(name, names.main) == 0 ||
        PyUnicode_Compare(name, names.mp_main) == 0)
      continue;
    Ref found = find_dotted(module, qualname).value;
    if (found.get() == object) return Ref::borrow(name);
    if (!found) PyErr_Clear();
  }
  return Ref::borrow(names.main);
}

Ref module_name_of(PyObject* object, PyObject* qualname, const cpython::Names& names) {
  Ref module = cpython::lookup_attribute(object, names.attr_module);
  if (module && module.get() != Py_None) return module;
  return search_modules(object, qualname, names);
}

Ref import_module(PyObject* name) {
  PyObject* loaded = cpython::loaded_module(name);
  return loaded != nullptr ? Ref::borrow(loaded) : Ref::steal(PyImport_Import(name));
}

}  // namespace

// Raises a PicklingError; the error that is set, if any, stays its cause.
template <typename... Args>
void Pickler::fail_global(const char* format, Args... args) {
  Ref cause = PyErr_Occurred() ? cpython::take_raised() : Ref();
  Ref message = checked(PyUnicode_FromFormat(format, args...));
  PyErr_SetObject(imported_.pickling_error, message.get());
  if (cause) {
    Ref error = cpython::take_raised();
    PyException_SetContext(error.get(), Py_NewRef(cause.get()));
    PyException_SetCause(error.get(), cause.release());
    cpython::set_raised(std::move(error));
  }
  error_is_ours_ = true;
  throw ErrorSet{};
}

void Pickler::fail_import(PyObject* object) {
  Ref why = cpython::take_raised();
  cpython::set_raised(Ref::borrow(why.get()));
  fail_global("Can't pickle %R: %S", object, why.get());
}

void Pickler::save_global(PyObject* object, PyObject* name) {
  before_foreign_code();
  Ref hold = Ref::borrow(object);
  Ref qualname = name != nullptr ? Ref::borrow(name)
                                 : cpython::lookup_attribute(object, names().qualname);
  if (!qualname) qualname = checked(PyObject_GetAttr(object, names().attr_name));
  Ref module_name = module_name_of(object, qualname.get(), names());
  Ref module = import_module(module_name.get());
  if (!module && !PyErr_ExceptionMatches(PyExc_Exception)) throw ErrorSet{};
  Found found = module ? find_dotted(module.get(), qualname.get()) : Found{};
  if (name != nullptr) {
    Ref error = found.value ? Ref() : cpython::take_raised();
    if (reducers_.save_named(*this, object, module_name.get(), qualname.get(),
                             found.value.get() == object))
      return;
    if (error) cpython::set_raised(std::move(error));
  }
  if (!module) fail_import(object);
  if (!found.value && is_local(qualname.get())) {
    PyErr_Clear();
    fail(cpython::local_object_error(imported_.pickling_error),
         "Can't get local object %R", qualname.get());
  }
  if (found.value.get() != object) {
    fail_global(found.value ? "Can't pickle %R: it's not the same object as %S.%S"
                            : "Can't pickle %R: it's not found as %S.%S",
                object, module_name.get(), qualname.get());
  }
  emit_global(object, module_name.get(), qualname.get());
}

void Pickler::emit_global(PyObject* object, PyObject* module, PyObject* qualname) {
  note_module(hooks_, module);
  if (protocol() >= 2 && PyDict_GET_SIZE(imported_.extension_registry) != 0 &&
      emit_extension(module, qualname)) {
    return;
  }
  if (protocol() >= 4) {
    // Where there is code, they belong to it.
    Memo::StringsScope of_names(
        memo_, memo_.has_code() ? Memo::Strings::kOfCode : Memo::Strings::kOfData);
    // Foreign code may run between the two names: as steps they are held.
    if (asks_for_ids() || !PyUnicode_CheckExact(module) ||
        !PyUnicode_CheckExact(qualname) ||
        may_write_within(longest_names(module, qualname))) {
      Script(*this)
          .save(module)
          .save(qualname)
          .op(Opcode::STACK_GLOBAL)
          .memoize(object)
          .start(object);
      return;
    }
    save(module);
    save(qualname);
    op(Opcode::STACK_GLOBAL);
    return memoize(object);
  }
  Py_ssize_t dot =
      PyUnicode_FindChar(qualname, '.', 0, PyUnicode_GET_LENGTH(qualname), 1);
  if (dot >= 0) return emit_nested_global(object, module, qualname);
  emit_text_global(module, qualname);
  memoize(object);
}

// getattr(parent, name): protocols before 4 have no dotted names.  Older versions write
// the parent as the global that it is, newer ones the whole name as one expression;
// builtin methods always reduce to the first.
void Pickler::emit_nested_global(PyObject* object, PyObject* module_name,
                                 PyObject* qualname) {
  before_foreign_code();
  Ref module = checked(import_module(module_name).release());
  Found found = find_dotted(module.get(), qualname);
  if (!found.value) fail_global("Can't pickle %R: it's not found", object);
  Ref dot = checked(PyUnicode_FromString("."));
  Ref parts = checked(PyUnicode_RPartition(qualname, dot.get()));
  PyObject* prefix = PyTuple_GET_ITEM(parts.get(), 0);
  bool in_parts = PyCFunction_Check(object) || !cpython::kDottedNamesAreOneExpression;
  if (!in_parts || !is_called(found.parent.get(), prefix, names())) {
    return emit_attribute_chain(object, module_name, qualname);
  }
  Ref arguments =
      checked(PyTuple_Pack(2, found.parent.get(), PyTuple_GET_ITEM(parts.get(), 2)));
  save_as_call(object, imported_.builtin_getattr, std::move(arguments));
}

// getattr(getattr(first, second), third)
void Pickler::emit_attribute_chain(PyObject* object, PyObject* module_name,
                                   PyObject* qualname) {
  Ref dot = checked(PyUnicode_FromString("."));
  Ref parts = checked(PyUnicode_Split(qualname, dot.get(), -1));
  Ref head = checked(PyTuple_Pack(2, module_name, PyList_GET_ITEM(parts.get(), 0)));
  bool marked = protocol() < 2;
  Script script(*this);
  for (Py_ssize_t i = 1; i < PyList_GET_SIZE(parts.get()); ++i) {
    script.save(imported_.builtin_getattr);
    if (marked) script.op(Opcode::MARK);
  }
  script.call(
      [](Pickler& self, PyObject* name) {
        self.emit_text_global(PyTuple_GET_ITEM(name, 0), PyTuple_GET_ITEM(name, 1));
      },
      head.get());
  for (Py_ssize_t i = 1; i < PyList_GET_SIZE(parts.get()); ++i) {
    script.save(PyList_GET_ITEM(parts.get(), i));
    script.op(marked ? Opcode::TUPLE : Opcode::TUPLE2).op(Opcode::REDUCE);
  }
  script.memoize(object).start(object);
}

// Under the code that copyreg's extension registry gives it, if any.  Such a global is
// not memoized.
bool Pickler::emit_extension(PyObject* module, PyObject* qualname) {
  before_foreign_code();  // __eq__ of keys that somebody has put into the registry
  Ref key = checked(PyTuple_Pack(2, module, qualname));
  PyObject* entry =
      checked_lookup(PyDict_GetItemWithError(imported_.extension_registry, key.get()));
  if (entry == nullptr) return false;
  long code = PyLong_AsLong(entry);
  if (code == -1 && PyErr_Occurred()) throw ErrorSet{};
  if (code <= 0 || code > 0x7fffffff) {
    fail(PyExc_RuntimeError, "extension code %R is out of range", entry);
  }
  if (code <= 0xff) {
    emitter_.op_uint1(Opcode::EXT1, static_cast<std::uint8_t>(code));
  } else if (code <= 0xffff) {
    emitter_.op_uint2(Opcode::EXT2, static_cast<std::uint16_t>(code));
  } else {
    emitter_.op_uint4(Opcode::EXT4, static_cast<std::uint32_t>(code));
  }
  return true;
}

// GLOBAL, with Python 2's names where the protocol is one that it can read.
void Pickler::emit_text_global(PyObject* module, PyObject* qualname) {
  Ref held;
  if (protocol() < 3 && hooks_.fix_imports) {
    before_foreign_code();  // as in emit_extension()
    Ref key = checked(PyTuple_Pack(2, module, qualname));
    PyObject* pair =
        checked_lookup(PyDict_GetItemWithError(imported_.name_mapping_3to2, key.get()));
    if (pair != nullptr && PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2) {
      held = Ref::borrow(pair);
      module = PyTuple_GET_ITEM(pair, 0);
      qualname = PyTuple_GET_ITEM(pair, 1);
    } else if (PyObject* renamed = checked_lookup(
                   PyDict_GetItemWithError(imported_.import_mapping_3to2, module))) {
      held = Ref::borrow(renamed);
      module = renamed;
    }
  }
  const char* encoding = protocol() >= 3 ? "utf-8" : "ascii";
  auto encoded = [&](PyObject* text, const char* what) {
    Ref bytes = Ref::steal(PyUnicode_AsEncodedString(text, encoding, nullptr));
    if (bytes) return bytes;
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) throw ErrorSet{};
    fail_global("can't pickle %s identifier %R using pickle protocol %i", what, text,
                protocol());
  };
  Ref first = encoded(module, "module");
  Ref second = encoded(qualname, "global");
  emitter_.op_lines(Opcode::GLOBAL, cpython::bytes_view(first.get()),
                    cpython::bytes_view(second.get()));
}

}  // namespace cppickle::pickling
