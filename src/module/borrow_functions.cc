#include "module/borrow_functions.h"

#include "cpython/borrow_scope.h"
#include "cpython/error.h"

namespace cppickle::module {
namespace {

PyObject* call_while_borrowing(PyObject*, PyObject* callable) {
  return cpython::guarded(static_cast<PyObject*>(nullptr), [&] {
    cpython::BorrowScope borrows;
    return cpython::checked(PyObject_CallNoArgs(callable)).release();
  });
}

}  // namespace

PyMethodDef borrow_functions[] = {
    {"_call_while_borrowing", call_while_borrowing, METH_O,
     "_call_while_borrowing($module, callable, /)\n--\n\n"
     "Calls it where no foreign code may run."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace cppickle::module
