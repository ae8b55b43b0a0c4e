#include "pickling/memo.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace cppickle::pickling {
namespace {

PyObject* untagged(std::uintptr_t key) {
  return reinterpret_cast<PyObject*>(key & ~std::uintptr_t{1});
}

}  // namespace

void Memo::grow() {
  std::size_t size = table_ == nullptr ? 0 : mask_ + 1;
  resize(size == 0 ? kFirstSize : size * (size < 1 << 16 ? 8 : 4));
}

void Memo::reserve(std::size_t count) {
  std::size_t size = std::bit_ceil((count + 1) * 2);
  if (size > (table_ == nullptr ? 0 : mask_ + 1)) resize(std::max(size, kFirstSize));
  keys_.reserve(count);
}

void Memo::resize(std::size_t size) {
  std::size_t old_size = table_ == nullptr ? 0 : mask_ + 1;
  std::vector<Entry> old_heap;
  std::span<Entry> old(table_, old_size);
  if (size == kFirstSize) {
    first_.fill(Entry{nullptr, 0});
    table_ = first_.data();
    keys_.reserve(kFirstSize / 2);
  } else {
    old_heap = std::exchange(heap_, std::vector<Entry>(size, Entry{nullptr, 0}));
    table_ = heap_.data();
  }
  mask_ = size - 1;
  shift_ = 64 - std::countr_zero(size);
  used_ = 0;
  for (const Entry& entry : old) {
    if (entry.key != nullptr) insert_new(entry.key, entry.index);
  }
}

void Memo::insert_new(PyObject* key, std::size_t index) {
  std::size_t i = slot_of(key);
  while (table_[i].key != nullptr) i = (i + 1) & mask_;
  enter(i, key, index);
}

void Memo::end_quiet() {
  for (std::size_t index = 0; index < keys_.size(); ++index) {
    std::uintptr_t key = keys_[index];
    if (key == 0) continue;
    keys_[index] = reinterpret_cast<std::uintptr_t>(Py_NewRef(untagged(key)));
    if (key & kLeftOut) {
      if ((used_ + 1) * 2 > mask_ + 1) grow();
      insert_new(untagged(key), index);
    }
  }
  quiet_ = false;
  collector_.end();
}

void Memo::alias(PyObject* key, std::size_t index) {
  settle();
  if ((used_ + 1) * 2 > mask_ + 1) grow();
  aliases_.push_back(cpython::Ref::borrow(key));
  insert_new(key, index);
}

void Memo::unify_strings() {
  if (unifies_strings_) return;
  settle();
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
  if (strings_are_shared_) {
    PyObject* known =
        cpython::checked_lookup(PyDict_GetItemWithError(strings_.get(), text));
    if (known != nullptr) return known;
    strings_ = cpython::checked(PyDict_Copy(strings_.get()));
    strings_are_shared_ = false;
  }
  if (strings_)
    return cpython::checked_lookup(PyDict_SetDefault(strings_.get(), text, text));
  for (const cpython::Ref& known : few_strings_) {
    bool same_length = PyUnicode_GET_LENGTH(known.get()) == PyUnicode_GET_LENGTH(text);
    if (same_length && PyUnicode_Compare(known.get(), text) == 0) return known.get();
  }
  if (few_strings_.size() < kFewStrings) {
    if (few_strings_.empty()) few_strings_.reserve(kFewStrings);
    few_strings_.push_back(cpython::Ref::borrow(text));
    return text;
  }
  strings_ = cpython::checked(PyDict_New());
  for (const cpython::Ref& known : few_strings_) unified_by_value(known.get());
  return unified_by_value(text);
}

void Memo::set(PyObject* key, std::size_t index) {
  settle();
  std::size_t found = find_or_add(key);
  if (found == index || (found == kAbsent && keys_.size() - 1 == index)) return;
  for (Entry& entry : entries()) {
    if (entry.key == key) entry.index = index;
  }
}

void Memo::clear() {
  std::vector<std::uintptr_t> keys = std::exchange(keys_, {});
  aliases_.clear();
  few_strings_.clear();
  strings_.reset();
  strings_are_shared_ = false;
  unifies_strings_ = false;
  table_ = nullptr;
  heap_ = {};
  mask_ = 0;
  shift_ = 64;
  used_ = 0;
  collector_.end();
  if (std::exchange(quiet_, false)) return;
  for (std::uintptr_t key : keys) Py_XDECREF(untagged(key));
}

int Memo::traverse(visitproc visit, void* arg) const {
  if (quiet_) return 0;
  for (std::uintptr_t key : keys_) Py_VISIT(untagged(key));
  for (const cpython::Ref& key : aliases_) Py_VISIT(key.get());
  Py_VISIT(strings_.get());
  return 0;
}

}  // namespace cppickle::pickling
