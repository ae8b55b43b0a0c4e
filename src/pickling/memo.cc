#include "pickling/memo.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace cppickle::pickling {
namespace {

PyObject* untagged(std::uintptr_t key) { return reinterpret_cast<PyObject*>(key & ~std::uintptr_t{1}); }

}  // namespace

void Memo::grow() {
  if (keys_.empty()) keys_.reserve(32);
  std::size_t size = table_.empty() ? 64 : table_.size() * (table_.size() < 1 << 16 ? 8 : 4);
  std::vector<Entry> old = std::exchange(table_, std::vector<Entry>(size, Entry{nullptr, 0}));
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
      if ((used_ + 1) * 2 > table_.size()) grow();
      insert_new(untagged(key), index);
    }
  }
  quiet_ = false;
  collector_.end();
}

void Memo::alias(PyObject* key, std::size_t index) {
  settle();
  if ((used_ + 1) * 2 > table_.size()) grow();
  aliases_.push_back(cpython::Ref::borrow(key));
  insert_new(key, index);
}

void Memo::unify_strings() {
  if (strings_) return;
  settle();
  strings_ = cpython::checked(PyDict_New());
  for (std::uintptr_t key : keys_) {
    if (key != 0 && PyUnicode_CheckExact(untagged(key))) unified(untagged(key));
  }
}

void Memo::set(PyObject* key, std::size_t index) {
  settle();
  std::size_t found = find_or_add(key);
  if (found == index || (found == kAbsent && keys_.size() - 1 == index)) return;
  for (Entry& entry : table_) {
    if (entry.key == key) entry.index = index;
  }
}

void Memo::clear() {
  std::vector<std::uintptr_t> keys = std::exchange(keys_, {});
  aliases_.clear();
  strings_.reset();
  table_.clear();
  table_.shrink_to_fit();
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
