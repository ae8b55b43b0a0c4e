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
  if (unifies_strings()) return;
  strings_ = Strings::kUnified;
  for (std::uintptr_t key : keys_) {
    if (key != 0 && PyUnicode_CheckExact(untagged(key))) unified(untagged(key));
  }
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
  strings_ = Strings::kByIdentity;
  packed_.clear();
  wide_.clear();
  collector_.end();
  pool_.clear();
  for (std::size_t i = 0; i < referenced; ++i) Py_XDECREF(untagged(keys[i]));
}

int Memo::traverse(visitproc visit, void* arg) const {
  for (std::size_t i = 0; i < referenced_count(); ++i) Py_VISIT(untagged(keys_[i]));
  for (const cpython::Ref& key : aliases_) Py_VISIT(key.get());
  return 0;
}

}  // namespace cppickle::pickling
