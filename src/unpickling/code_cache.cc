#include "unpickling/code_cache.h"

#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::unpickling {

using cpython::checked;
using cpython::Ref;

namespace {

constexpr std::size_t kPycHeader = 16;  // before the blob of a .pyc file

}  // namespace

Ref CodeCache::call(PyObject* callable, PyObject* arguments) {
  bool is_blob = callable == imported_.marshal_loads;
  PyObject* bytes = PyTuple_GET_ITEM(arguments, PyTuple_GET_SIZE(arguments) - 1);
  std::string_view content = cpython::bytes_view(bytes);
  Table& table = is_blob ? marshalled_ : compiled_;
  auto known = table.find(content);
  if (known == table.end()) {
    Ref held = Ref::borrow(bytes);
    Ref code = checked(PyObject_CallObject(callable, arguments));
    if (PyCode_Check(code.get())) keep(table, held.get(), code.get());
    return code;
  }
  Ref code = Ref::borrow(known->second.code.get());
  std::string_view blob = is_blob ? content : content.substr(kPycHeader);
  cpython::checked_status(PySys_Audit("marshal.loads", "y#", blob.data(),
                                      static_cast<Py_ssize_t>(blob.size())));
  return code;
}

// Calls may have entered the same bytes meanwhile.
void CodeCache::keep(Table& table, PyObject* bytes, PyObject* code) {
  std::string_view content = cpython::bytes_view(bytes);
  if (content.size() > kMostBytes / 16) return;
  if (size_ + content.size() > kMostBytes) clear();
  Known entry{Ref::borrow(bytes), Ref::borrow(code)};
  if (table.try_emplace(content, std::move(entry)).second) size_ += content.size();
}

void CodeCache::clear() {
  // Whatever goes with the entries finds the cache empty.
  Table marshalled = std::exchange(marshalled_, {});
  Table compiled = std::exchange(compiled_, {});
  size_ = 0;
}

}  // namespace cppickle::unpickling
