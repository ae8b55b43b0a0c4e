#include "bytecode/bytecode_scan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "cpython/bytecode.h"
#include "cpython/code.h"
#include "cpython/error.h"
#include "cpython/identity_map.h"

namespace cppickle::bytecode {

using cpython::checked;
using cpython::IdentityMap;
using cpython::Ref;

namespace {

// Objects in the order of their first arrival, told apart by address: names in code
// objects are interned.
class FirstSeen {
 public:
  explicit FirstSeen(std::pmr::memory_resource* memory)
      : order_(memory), places_(memory) {}

  bool add(PyObject* object) {
    bool first = places_.add(object, 0);
    if (first) order_.push_back(object);
    return first;
  }
  // `same` itself if it has these items in this order.
  Ref as_tuple(PyObject* same) const {
    auto size = static_cast<Py_ssize_t>(order_.size());
    PyObject* const* items = &PyTuple_GET_ITEM(same, 0);
    if (PyTuple_GET_SIZE(same) == size &&
        std::equal(order_.begin(), order_.end(), items))
      return Ref::borrow(same);
    Ref tuple = checked(PyTuple_New(size));
    for (Py_ssize_t i = 0; i < size; ++i) {
      PyObject* object = order_[static_cast<std::size_t>(i)];
      PyTuple_SET_ITEM(tuple.get(), i, Py_NewRef(object));
    }
    return tuple;
  }

 private:
  std::pmr::vector<PyObject*> order_;
  IdentityMap places_;
};

class Scan {
 public:
  CodeNames of(PyObject* code);

 private:
  void visit(PyObject* code);
  void visit_later(PyObject* constants);

  std::byte first_memory_[6 * 1024];
  std::pmr::monotonic_buffer_resource memory_{first_memory_, sizeof first_memory_};
  FirstSeen globals_{&memory_};
  FirstSeen mentioned_{&memory_};
  FirstSeen visited_{&memory_};
  std::pmr::vector<PyObject*> waiting_{&memory_};  // code objects; the next one last
};

CodeNames Scan::of(PyObject* code) {
  waiting_.push_back(code);
  while (!waiting_.empty()) {
    PyObject* next = waiting_.back();
    waiting_.pop_back();
    if (visited_.add(next)) visit(next);
  }
  PyObject* names = cpython::code_names(code);
  return {globals_.as_tuple(names), mentioned_.as_tuple(names)};
}

void Scan::visit(PyObject* code) {
  PyObject* names = cpython::code_names(code);
  auto count = static_cast<std::size_t>(PyTuple_GET_SIZE(names));
  for (std::size_t i = 0; i < count; ++i) {
    mentioned_.add(PyTuple_GET_ITEM(names, static_cast<Py_ssize_t>(i)));
  }
  Ref bytecode = cpython::unspecialised_bytecode(code);
  std::string_view bytes(PyBytes_AS_STRING(bytecode.get()),
                         static_cast<std::size_t>(PyBytes_GET_SIZE(bytecode.get())));
  cpython::for_each_global(bytes, [&](std::size_t index) {
    // code.replace() can set bytecode that has more names than the table.
    if (index < count)
      globals_.add(PyTuple_GET_ITEM(names, static_cast<Py_ssize_t>(index)));
  });
  visit_later(cpython::code_constants(code));
}

void Scan::visit_later(PyObject* constants) {
  for (Py_ssize_t i = PyTuple_GET_SIZE(constants); i-- > 0;) {
    PyObject* constant = PyTuple_GET_ITEM(constants, i);
    if (PyCode_Check(constant)) waiting_.push_back(constant);
  }
}

}  // namespace

CodeNames scan_code(PyObject* code) {
  Scan scan;  // not Scan(): that would clear its memory first
  return scan.of(code);
}

}  // namespace cppickle::bytecode
