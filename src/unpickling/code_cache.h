// Code objects by the bytes that they were unmarshalled from.
#ifndef CPPICKLE_UNPICKLING_CODE_CACHE_H_
#define CPPICKLE_UNPICKLING_CODE_CACHE_H_

#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "cpython/imported.h"
#include "cpython/ref.h"

namespace cppickle::unpickling {

// Knows what marshal.loads(blob) and zipimport._unmarshal_code(.., pyc) have answered.
// Code objects cannot be changed, so that one can stand for all that equal bytes make.
// Without an importer, which could compare the source, _unmarshal_code() looks at
// nothing else. The answers are those of the library's functions, which are known by
// their identity; the audit event marshal.loads is raised where it would be. Thread
// safety: requires the GIL.
class CodeCache {
 public:
  explicit CodeCache(const cpython::Imported& imported) : imported_(imported) {}

  // True for a call that this may know.
  bool covers(PyObject* callable, PyObject* arguments) const {
    return (callable == imported_.marshal_loads && is_bytes(arguments, 1)) ||
           (callable == imported_.unmarshal_code && is_bytes(arguments, 5) &&
            PyTuple_GET_ITEM(arguments, 0) == Py_None);
  }
  // What the call answers.  Throws ErrorSet.
  // REQUIRES: covers(callable, arguments).
  cpython::Ref call(PyObject* callable, PyObject* arguments);

  void clear();

 private:
  struct Known {
    cpython::Ref bytes;  // the key's
    cpython::Ref code;
  };
  using Table = std::unordered_map<std::string_view, Known>;

  static constexpr std::size_t kMostBytes = 8 * 1024 * 1024;

  static bool is_bytes(PyObject* arguments, Py_ssize_t count) {
    return PyTuple_GET_SIZE(arguments) == count &&
           PyBytes_CheckExact(PyTuple_GET_ITEM(arguments, count - 1));
  }
  void keep(Table& table, PyObject* bytes, PyObject* code);

  const cpython::Imported& imported_;
  Table marshalled_;  // by the argument of marshal.loads
  Table compiled_;    // by that of _unmarshal_code
  std::size_t size_ = 0;
};

}  // namespace cppickle::unpickling

#endif  // CPPICKLE_UNPICKLING_CODE_CACHE_H_
