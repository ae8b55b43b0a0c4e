#include "pickling/error_report.h"

#include <string>
#include <utility>

#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "pickling/error_path.h"

namespace cppickle::pickling {

using cpython::checked;
using cpython::Imported;
using cpython::Ref;

namespace {

// True for a frame of Python's own code, and for one that C code has made up for its
// traceback.
bool is_no_users_frame(const Imported& imported, PyObject* frame) {
  Ref code = checked(PyObject_GetAttrString(frame, "f_code"));
  if (cpython::is_made_for_tracebacks(code.get())) return true;
  Ref globals = checked(PyObject_GetAttrString(frame, "f_globals"));
  if (!PyDict_Check(globals.get())) return false;
  PyObject* name = cpython::dict_entry(globals.get(), imported.names.attr_name);
  return name != nullptr && PyUnicode_Check(name) &&
         cpython::is_of_standard_library(imported, name);
}

// C code that raises leaves no frame in the traceback.
bool is_raised_by_user(const Imported& imported, PyObject* error) {
  Ref traceback = Ref::steal(PyException_GetTraceback(error));
  while (traceback) {
    auto entry = reinterpret_cast<PyTracebackObject*>(traceback.get());
    if (!is_no_users_frame(imported, reinterpret_cast<PyObject*>(entry->tb_frame)))
      return true;
    traceback = Ref::borrow(reinterpret_cast<PyObject*>(entry->tb_next));
  }
  return false;
}

// True when str(error) is its one argument, a str, and the class is Python's own.
bool is_plain(const Imported& imported, PyObject* error) {
  PyTypeObject* type = Py_TYPE(error);
  auto base = reinterpret_cast<PyTypeObject*>(PyExc_BaseException);
  PyObject* args = reinterpret_cast<PyBaseExceptionObject*>(error)->args;
  if (type->tp_str != base->tp_str || args == nullptr || PyTuple_GET_SIZE(args) != 1 ||
      !PyUnicode_CheckExact(PyTuple_GET_ITEM(args, 0)))
    return false;
  Ref module = checked(
      PyObject_GetAttr(reinterpret_cast<PyObject*>(type), imported.names.attr_module));
  return is_of_standard_library(imported, module.get());
}

// Interrupts and the like are not about the object.
bool is_about_an_object(PyObject* error) {
  return PyErr_GivenExceptionMatches(error, PyExc_Exception) &&
         !PyErr_GivenExceptionMatches(error, PyExc_MemoryError);
}

bool may_extend_message(const Imported& imported, PyObject* error) {
  return is_about_an_object(error) && is_plain(imported, error) &&
         !is_raised_by_user(imported, error);
}

// error.args = (message + line,)
void extend_message(PyObject* error, const std::string& line) {
  Ref args = checked(PyObject_GetAttrString(error, "args"));
  if (!PyTuple_Check(args.get()) || PyTuple_GET_SIZE(args.get()) != 1) return;
  Ref message = checked(
      PyUnicode_FromFormat("%S\n  %s", PyTuple_GET_ITEM(args.get(), 0), line.c_str()));
  Ref extended = checked(PyTuple_Pack(1, message.get()));
  cpython::checked_status(PyObject_SetAttrString(error, "args", extended.get()));
}

void add_note(PyObject* error, const std::string& line, const Imported& imported) {
  if (!PyObject_HasAttr(error, imported.names.add_note)) return;
  Ref note = checked(PyUnicode_FromString(line.c_str()));
  checked(PyObject_CallMethodOneArg(error, imported.names.add_note, note.get()));
}

void annotate(PyObject* error, const ErrorPath& path, bool ours,
              const Imported& imported) {
  Ref text = checked(PyUnicode_FromString(path.text.c_str()));
  if (PyObject_SetAttr(error, imported.names.cppickle_path, text.get()) < 0)
    PyErr_Clear();
  if (!path.tells) return;
  std::string line = "while pickling ";
  line += path.text;
  // An error of the user's keeps its message, for code that looks at it.
  if (ours || may_extend_message(imported, error)) {
    extend_message(error, line);
  } else {
    add_note(error, line, imported);
  }
}

}  // namespace

void add_path_to_error(const WorkStack& stack, PyObject* root, PyObject* root_name,
                       bool ours, const Imported& imported) noexcept {
  try {
    Ref error = cpython::take_raised();
    try {
      annotate(error.get(), error_path(stack, root, root_name, imported.names), ours,
               imported);
    } catch (const cpython::ErrorSet&) {
      PyErr_Clear();
    } catch (const std::bad_alloc&) {
      PyErr_Clear();
    }
    cpython::set_raised(std::move(error));
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  }
}

}  // namespace cppickle::pickling
