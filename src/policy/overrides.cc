#include "policy/overrides.h"

#include <algorithm>
#include <iterator>

#include "cpython/error.h"

namespace cppickle::policy {

using cpython::checked;
using cpython::Ref;

namespace {

// In the order of Overridable.
constexpr const char* kNames[] = {
    "_should_pickle_by_reference",
    "_is_registered_pickle_by_value",
    "_function_getstate",
    "_class_getstate",
    "_code_reduce",
    "_module_reduce",
    "_make_empty_cell",
};

}  // namespace

Ref Overrides::call(Overridable overridable, PyObject* argument) const {
  Ref function = Ref::borrow(of(overridable));
  return checked(PyObject_CallOneArg(function.get(), argument));
}

bool Overrides::is_true(Overridable overridable, PyObject* argument) const {
  Ref answer = call(overridable, argument);
  return cpython::checked_status(PyObject_IsTrue(answer.get())) != 0;
}

void Overrides::set(PyObject* name, PyObject* function) {
  static_assert(std::size(kNames) == kCount);
  auto found = std::ranges::find_if(kNames, [&](const char* known) {
    return PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, known) == 0;
  });
  if (found == std::end(kNames)) {
    cpython::raise_format(PyExc_ValueError, "no helper %R can be replaced", name);
  }
  PyObject*& place = functions_[static_cast<std::size_t>(found - kNames)];
  Ref old = Ref::steal(
      std::exchange(place, function == Py_None ? nullptr : Py_NewRef(function)));
  any_ =
      std::ranges::any_of(functions_, [](PyObject* each) { return each != nullptr; });
}

int Overrides::traverse(visitproc visit, void* arg) const {
  for (PyObject* function : functions_) Py_VISIT(function);
  return 0;
}

void Overrides::release() {
  any_ = false;
  for (PyObject*& function : functions_) Py_CLEAR(function);
}

}  // namespace cppickle::policy
