// Arguments of vectorcall functions.
#ifndef CPPICKLE_MODULE_ARGUMENTS_H_
#define CPPICKLE_MODULE_ARGUMENTS_H_

#include <array>
#include <cstddef>

#include "cpython/error.h"

namespace cppickle::module {

// The values of a function's parameters, null where one is not given.  All may be given
// by position or by name; the first `required` must be given.  Other names are offered
// to take_other(name, value), which answers whether it knows them.  Throws ErrorSet
// with a TypeError.
template <std::size_t count, typename TakeOther>
std::array<PyObject*, count> parsed_arguments(
    const char* function, const std::array<const char*, count>& names,
    std::size_t required, PyObject* const* args, Py_ssize_t given, PyObject* keywords,
    TakeOther take_other) {
  using cpython::raise_format;
  std::array<PyObject*, count> values{};
  if (given > static_cast<Py_ssize_t>(count)) {
    raise_format(PyExc_TypeError, "%s() takes at most %zu arguments (%zd given)",
                 function, count, given);
  }
  for (Py_ssize_t i = 0; i < given; ++i) values[static_cast<std::size_t>(i)] = args[i];
  Py_ssize_t named = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
  for (Py_ssize_t k = 0; k < named; ++k) {
    PyObject* keyword = PyTuple_GET_ITEM(keywords, k);
    std::size_t i = 0;
    while (i < count && PyUnicode_CompareWithASCIIString(keyword, names[i]) != 0) ++i;
    if (i == count && take_other(keyword, args[given + k])) continue;
    if (i == count) {
      raise_format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'",
                   function, keyword);
    }
    if (values[i] != nullptr) {
      raise_format(PyExc_TypeError, "%s() got multiple values for argument '%s'",
                   function, names[i]);
    }
    values[i] = args[given + k];
  }
  for (std::size_t i = 0; i < required; ++i) {
    if (values[i] == nullptr) {
      raise_format(PyExc_TypeError, "%s() missing required argument '%s'", function,
                   names[i]);
    }
  }
  return values;
}

template <std::size_t count>
std::array<PyObject*, count> parsed_arguments(
    const char* function, const std::array<const char*, count>& names,
    std::size_t required, PyObject* const* args, Py_ssize_t given, PyObject* keywords) {
  return parsed_arguments<count>(function, names, required, args, given, keywords,
                                 [](PyObject*, PyObject*) { return false; });
}

// A protocol argument: null and None are the default, negative is the highest.  Throws
// ErrorSet with a ValueError.
int protocol_from(PyObject* argument);

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_ARGUMENTS_H_
