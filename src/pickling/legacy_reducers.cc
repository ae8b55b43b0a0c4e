#include "pickling/legacy_reducers.h"

#include <string_view>

#include "cpython/python.h"

namespace cppickle::pickling {

namespace {

// The text of a name that is a str and all ASCII, else nothing.
std::string_view ascii_text(PyObject* name) {
  if (name == nullptr || !PyUnicode_Check(name) || !PyUnicode_IS_ASCII(name)) return {};
  return {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(name)),
          static_cast<std::size_t>(PyUnicode_GET_LENGTH(name))};
}

}  // namespace

// By their names: the copies live in modules that need not be imported here, and each
// package has them where multiprocessing has, in its module "reduction".
bool is_legacy_reducer(PyObject* reducer) {
  if (!PyFunction_Check(reducer)) return false;
  auto function = reinterpret_cast<PyFunctionObject*>(reducer);
  std::string_view name = ascii_text(function->func_name);
  if (name != "_reduce_method" && name != "_reduce_method_descriptor" &&
      name != "_reduce_partial")
    return false;
  return ascii_text(function->func_module).ends_with(".reduction");
}

}  // namespace cppickle::pickling
