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
  // It may be in the other table, from when indices were small.
  std::size_t known = find(key);
  if (known != kAbsent) return known;
  return PackedEntry::fits(key, index) ? packed_.find_or_enter(key, index)
                                       : wide_.find_or_enter(key, index);
}

void Memo::take_references() {
  for (std::size_t index = first_borrowed_; index < keys_.size(); ++index) {
    std::uintptr_t key = keys_[index];
    if (key == 0) continue;
    keys_[index] = reinterpret_cast<std::uintptr_t>(Py_NewRef(untagged(key)));
    // It could not be met again as long as only the engine was at work; foreign code
    // may hand it out a second time.
    if (key & kNotInTable) find_or_enter(untagged(key), index);
  }
  borrows_keys_ = false;
  has_owned_keys_ = true;
  borrowing_.end();
}

void Memo::alias(PyObject* key, std::size_t index) {
  own_keys();
  aliases_.push_back(cpython::Ref::borrow(key));
  find_or_enter(key, index);
}

const Memo::StandIn* Memo::stand_in_for(PyObject* dict) const {
  for (const StandIn& entry : stand_ins_) {
    if (entry.dict.get() == dict) return &entry;
  }
  return nullptr;
}

std::size_t Memo::find_or_add_pooled(PyObject* text) {
  std::size_t known = strings_ == Strings::kSentinels ? find(text) : kAbsent;
  // It has no entry in the tables of addresses: data must not depend on which strings
  // are the same object as one of code.
  pool_.add(text, known != kAbsent ? known : add_anonymous());
  return known;
}

void Memo::set(PyObject* key, std::size_t index) {
  own_keys();
  if (find_or_enter(key, index) == kAbsent) keys_.push_back(key_with_reference(key));
}

void Memo::clear() {
  std::size_t referenced = referenced_count();
  borrows_keys_ = has_owned_keys_ = false;
  // To drop the last reference to a key runs foreign code, which may come back here: by
  // then the memo is empty.
  Keys keys;
  keys.take(keys_);
  std::vector<StandIn> stand_ins = std::exchange(stand_ins_, {});
  aliases_.clear();
  strings_ = Strings::kOfData;
  has_code_ = false;
  packed_.clear();
  wide_.clear();
  borrowing_.end();
  pool_.clear();
  for (std::size_t i = 0; i < referenced; ++i) Py_XDECREF(untagged(keys[i]));
}

int Memo::traverse(visitproc visit, void* arg) const {
  for (std::size_t i = 0; i < referenced_count(); ++i) Py_VISIT(untagged(keys_[i]));
  for (const cpython::Ref& key : aliases_) Py_VISIT(key.get());
  for (const StandIn& entry : stand_ins_) {
    Py_VISIT(entry.dict.get());
    Py_VISIT(entry.stand_in.get());
  }
  return 0;
}

}  // namespace cppickle::pickling
