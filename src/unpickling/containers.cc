// Tuples, lists, dicts and sets.
#include "cpython/building.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "unpickling/key_depth.h"
#include "unpickling/unpickler.h"

namespace cppickle::unpickling {

using cpython::checked;
using cpython::checked_status;
using cpython::Ref;

void Unpickler::load_tuple(std::size_t count) {
  require(count);
  std::size_t first = stack_.size() - count;
  Ref tuple = count == 0 ? Ref::borrow(imported_.empty_tuple)
                         : cpython::tuple_of_stolen(stack_.from(first), count);
  stack_.forget(first);
  push(std::move(tuple));
}

void Unpickler::load_list(std::size_t mark) {
  Ref list = checked(PyList_New(0));
  cpython::extend_list(list.get(), stack_.from(mark), stack_.size() - mark);
  stack_.forget(mark);
  push(std::move(list));
}

void Unpickler::append_from(std::size_t index) {
  PyObject* list = stack_.at(container_below(index));
  if (stack_.size() == index && !cpython::kAsksForNoItems) return;
  if (!PyList_CheckExact(list)) return append_with_methods(list, index);
  cpython::extend_list(list, stack_.from(index), stack_.size() - index);
  stack_.forget(index);
}

// PEP 307 wants extend() and append(); objects with append() alone are accepted.
void Unpickler::append_with_methods(PyObject* list, std::size_t index) {
  ForeignCode scope(*this);
  Ref extend = cpython::lookup_attribute(list, imported_.names.extend);
  if (extend) {
    Ref items = checked(PyList_New(0));
    cpython::extend_list(items.get(), stack_.from(index), stack_.size() - index);
    stack_.forget(index);
    checked(PyObject_CallOneArg(extend.get(), items.get()));
    return;
  }
  Ref append = checked(PyObject_GetAttr(list, imported_.names.append));
  for (std::size_t i = index; i < stack_.size(); ++i)
    checked(PyObject_CallOneArg(append.get(), stack_.at(i)));
  stack_.drop(index);
}

// --- Dicts ---------------------------------------------------------------------------

void Unpickler::check_key(PyObject* key) const {
  if (PyTuple_Check(key)) check_key_depth(key);
}

// Sets the pair at `index`.
void Unpickler::set_item(PyObject* container, bool is_dict, std::size_t index) {
  PyObject* key = stack_.at(index);
  PyObject* value = stack_.at(index + 1);
  if (is_dict && (PyUnicode_CheckExact(key) || PyLong_CheckExact(key))) [[likely]] {
    checked_status(PyDict_SetItem(container, key, value));
    return;
  }
  ForeignCode scope(*this);
  check_key(key);
  checked_status(is_dict ? PyDict_SetItem(container, key, value)
                         : PyObject_SetItem(container, key, value));
}

void Unpickler::load_dict(std::size_t mark) {
  if ((stack_.size() - mark) % 2 != 0) raise_error("odd number of items for DICT");
  Ref dict = checked(PyDict_New());
  for (std::size_t i = mark; i < stack_.size(); i += 2) set_item(dict.get(), true, i);
  drop(mark);
  push(std::move(dict));
}

void Unpickler::set_items_from(std::size_t index) {
  PyObject* container = stack_.at(container_below(index));
  if (stack_.size() == index) return;
  if ((stack_.size() - index) % 2 != 0) raise_error("odd number of items for SETITEMS");
  bool is_dict = PyDict_CheckExact(container);
  for (std::size_t i = index; i < stack_.size(); i += 2)
    set_item(container, is_dict, i);
  drop(index);
}

// --- Sets ----------------------------------------------------------------------------

void Unpickler::load_frozenset(std::size_t mark) {
  ForeignCode scope(*this);
  for (std::size_t i = mark; i < stack_.size(); ++i) check_key(stack_.at(i));
  std::size_t count = stack_.size() - mark;
  Ref items = cpython::tuple_of_stolen(stack_.from(mark), count);
  stack_.forget(mark);
  push_made(PyFrozenSet_New(items.get()));
}

void Unpickler::add_from(std::size_t index) {
  PyObject* set = stack_.at(container_below(index));
  if (stack_.size() == index && !cpython::kAsksForNoItems) return;
  ForeignCode scope(*this);
  for (std::size_t i = index; i < stack_.size(); ++i) check_key(stack_.at(i));
  if (PySet_Check(set)) {
    for (std::size_t i = index; i < stack_.size(); ++i)
      checked_status(PySet_Add(set, stack_.at(i)));
  } else {
    Ref add = checked(PyObject_GetAttr(set, imported_.names.add));
    for (std::size_t i = index; i < stack_.size(); ++i)
      checked(PyObject_CallOneArg(add.get(), stack_.at(i)));
  }
  stack_.drop(index);
}

}  // namespace cppickle::unpickling
