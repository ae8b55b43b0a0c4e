#include "module/read_functions.h"

#include "caching/read_check.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::module {
namespace {

using cpython::checked;
using cpython::guarded;
using cpython::Ref;

PyObject* take_read_report(PyObject*, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [] {
    caching::ReadReport report = caching::take_read_report();
    Ref missing = checked(PyList_New(0));
    for (const std::string& text : report.missing) {
      Ref line = checked(PyUnicode_DecodeUTF8(
          text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
      cpython::checked_status(PyList_Append(missing.get(), line.get()));
    }
    return checked(Py_BuildValue("nnO", static_cast<Py_ssize_t>(report.checks),
                                 static_cast<Py_ssize_t>(report.reads), missing.get()))
        .release();
  });
}

PyObject* leave_out_of_walks(PyObject*, PyObject* part) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    caching::leave_out_of_walks(cpython::utf8_view(part));
    return Py_NewRef(Py_None);
  });
}

}  // namespace

PyMethodDef read_functions[] = {
    {"_take_read_report", take_read_report, METH_NOARGS,
     "_take_read_report($module, /)\n--\n\n"
     "How many walks were compared since the last call, how many reads of reducers, "
     "and "
     "those which no walk covers."},
    {"_leave_out_of_walks", leave_out_of_walks, METH_O,
     "_leave_out_of_walks($module, part, /)\n--\n\n"
     "From now on walks do as if they read no field or entry of this name; '': all."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace cppickle::module
