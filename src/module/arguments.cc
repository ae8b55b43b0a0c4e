#include "module/arguments.h"

#include "core/opcode.h"

namespace cppickle::module {

int protocol_from(PyObject* argument) {
  if (argument == nullptr || argument == Py_None) return core::kHighestProtocol;
  long protocol = PyLong_AsLong(argument);
  if (protocol == -1 && PyErr_Occurred()) throw cpython::ErrorSet{};
  if (protocol < 0) return core::kHighestProtocol;
  if (protocol > core::kHighestProtocol) {
    cpython::raise_format(PyExc_ValueError, "pickle protocol must be <= %d",
                          core::kHighestProtocol);
  }
  return static_cast<int>(protocol);
}

}  // namespace cppickle::module
