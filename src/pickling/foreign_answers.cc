#include "pickling/foreign_answers.h"

#include <utility>

#include "cpython/error.h"

namespace cppickle::pickling {

using cpython::checked;
using cpython::Ref;

namespace {

// Where a reduce value has the iterators of its items and its pairs (PEP 307).
constexpr Py_ssize_t kIterators[] = {3, 4};

// A copy of a reduce value with other iterators: `made` answers one for each.
template <typename Made>
Ref with_iterators(PyObject* value, Made made) {
  Ref copy = checked(PyTuple_New(PyTuple_GET_SIZE(value)));
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); ++i) {
    PyObject* part = PyTuple_GET_ITEM(value, i);
    bool replaced = (i == kIterators[0] || i == kIterators[1]) && part != Py_None;
    PyTuple_SET_ITEM(copy.get(), i, replaced ? made(part).release() : Py_NewRef(part));
  }
  return copy;
}

bool has_iterators(PyObject* value, int (*is_one)(PyObject*)) {
  if (!PyTuple_CheckExact(value)) return false;
  for (Py_ssize_t i : kIterators) {
    if (i < PyTuple_GET_SIZE(value) && is_one(PyTuple_GET_ITEM(value, i))) return true;
  }
  return false;
}

int is_list(PyObject* part) { return PyList_CheckExact(part); }

// A list stands for the items of an iterator; no valid reduce value has one there.
Ref for_use(PyObject* kept) {
  if (!has_iterators(kept, is_list)) return Ref::borrow(kept);
  return with_iterators(kept, [](PyObject* part) {
    return PyList_CheckExact(part) ? checked(PyObject_GetIter(part))
                                   : Ref::borrow(part);
  });
}

}  // namespace

Ref ForeignAnswers::find(PyObject* object, Question question) const {
  if (answers_ == nullptr) return Ref();
  auto found = answers_->find(object);
  if (found == answers_->end()) return Ref();
  PyObject* kept = found->second.by_question[static_cast<int>(question)].get();
  return kept == nullptr ? Ref() : for_use(kept);
}

Ref ForeignAnswers::keep(PyObject* object, Question question, Ref answer) {
  if (has_iterators(answer.get(), PyIter_Check)) {
    answer = with_iterators(answer.get(), [](PyObject* part) {
      return PyIter_Check(part) ? checked(PySequence_List(part)) : Ref::borrow(part);
    });
  }
  // Each use gets iterators of its own: one that has been read is empty.
  Ref used = for_use(answer.get());
  if (answers_ == nullptr)
    answers_ = std::make_unique<std::unordered_map<PyObject*, Answers>>();
  Answers& answers = (*answers_)[object];
  if (!answers.object) answers.object = Ref::borrow(object);
  answers.by_question[static_cast<int>(question)] = std::move(answer);
  return used;
}

}  // namespace cppickle::pickling
