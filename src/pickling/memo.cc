#include "pickling/memo.h"

#include <algorithm>
#include <utility>

#include "cpython/error.h"

namespace cppickle::pickling {
namespace {

PyObject* untagged(std::uintptr_t key) {
  return reinterpret_cast<PyObject*>(key & ~std::uintptr_t{1});
}

}  // namespace

std::size_t Memo::find_or_enter_widely(PyObject* key, std::size_t index) {
  std::size_t known = find(key);
  if (known != kAbsent) return known;
  return PackedEntry::fits(key, index) ? packed_.find_or_enter(key, index)
                                       : wide_.find_or_enter(key, index);
}

void Memo::end_quiet() {
  for (std::size_t index = first_quiet_; index < keys_.size(); ++index) {
    std::uintptr_t key = keys_[index];
    if (key == 0) continue;
    keys_[index] = reinterpret_cast<std::uintptr_t>(Py_NewRef(untagged(key)));
    if (key & kLeftOut) find_or_enter(untagged(key), index);
  }
  quiet_ = false;
  was_loud_ = true;
  collector_.end();
}

void Memo::alias(PyObject* key, std::size_t index) {
  settle();
  aliases_.push_back(cpython::Ref::borrow(key));
  find_or_enter(key, index);
}

void Memo::unify_strings() {
  settle();
  if (unifies_strings_) return;
  unifies_strings_ = true;
  for (std::uintptr_t key : keys_) {
    if (key != 0 && PyUnicode_CheckExact(untagged(key))) unified(untagged(key));
  }
}

void Memo::unify_strings_with(PyObject* strings) {
  unify_strings();
  strings_ = cpython::Ref::borrow(strings);
  strings_are_shared_ = true;
}

PyObject* Memo::unified_by_value(PyObject* text) {
  if (strings_ && !strings_are_shared_)
    return cpython::checked_lookup(PyDict_SetDefault(strings_.get(), text, text));
  if (strings_) {
    PyObject* known =
        cpython::checked_lookup(PyDict_GetItemWithError(strings_.get(), text));
    if (known != nullptr) return known;
  }
  for (const cpython::Ref& known : few_strings_) {
    bool same_length = PyUnicode_GET_LENGTH(known.get()) == PyUnicode_GET_LENGTH(text);
    if (same_length && PyUnicode_Compare(known.get(), text) == 0) return known.get();
  }
  if (few_strings_.size() < kFewStrings) {
    if (few_strings_.empty()) few_strings_.reserve(kFewStrings);
    few_strings_.push_back(cpython::Ref::borrow(text));
    return text;
  }
  strings_ = cpython::checked(strings_ ? PyDict_Copy(strings_.get()) : PyDict_New());
  strings_are_shared_ = false;
  for (const cpython::Ref& known : few_strings_) unified_by_value(known.get());
  return unified_by_value(text);
}

void Memo::set(PyObject* key, std::size_t index) {
  settle();
  if (find_or_enter(key, index) == kAbsent) keys_.push_back(key_with_reference(key));
}

void Memo::clear() {
  std::size_t referenced = referenced_count();
  quiet_ = was_loud_ = false;
  Keys keys;
  keys.take(keys_);
  aliases_.clear();
  few_strings_.clear();
  strings_.reset();
  strings_are_shared_ = false;
  unifies_strings_ = false;
  packed_.clear();
  wide_.clear();
  collector_.end();
  for (std::size_t i = 0; i < referenced; ++i) Py_XDECREF(untagged(keys[i]));
}

int Memo::traverse(visitproc visit, void* arg) const {
  for (std::size_t i = 0; i < referenced_count(); ++i) Py_VISIT(untagged(keys_[i]));
  for (const cpython::Ref& key : aliases_) Py_VISIT(key.get());
  Py_VISIT(strings_.get());
  return 0;
}

}  // namespace cppickle::pickling
