// The unpickler's memo: index -> object.
#ifndef CPPICKLE_UNPICKLING_OBJECT_TABLE_H_
#define CPPICKLE_UNPICKLING_OBJECT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::unpickling {

// A stream may choose any index; almost all count up from 0.  Those are in an array,
// which never has more room than a small multiple of the objects; others are in a hash
// table.  Owns what it holds.
class ObjectTable {
 public:
  ObjectTable() = default;
  ObjectTable(const ObjectTable&) = delete;
  ObjectTable& operator=(const ObjectTable&) = delete;
  ~ObjectTable() {
    clear();
    PyMem_Free(dense_);
  }

  // How many objects there are: MEMOIZE's index.
  std::size_t size() const { return count_; }

  // Borrowed, or null.
  PyObject* find(std::uint64_t index) const {
    PyObject* found = index < room_ ? dense_[index] : nullptr;
    return found != nullptr || !sparse_ ? found : find_sparse(index);
  }

  // Takes a reference.
  [[gnu::always_inline]] void set(std::uint64_t index, PyObject* value) {
    if (index >= room_ || dense_[index] != nullptr || sparse_) [[unlikely]]
      return replace(index, cpython::Ref::borrow(value));
    dense_[index] = Py_NewRef(value);
    ++count_;
  }

  // visit(index, object) for each, indices of the array first.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < room_; ++i) {
      if (dense_[i] != nullptr) visit(static_cast<std::uint64_t>(i), dense_[i]);
    }
    if (!sparse_) return;
    for (auto& [index, value] : *sparse_) visit(index, value.get());
  }

  void swap(ObjectTable& other) {
    std::swap(dense_, other.dense_);
    std::swap(room_, other.room_);
    std::swap(count_, other.count_);
    sparse_.swap(other.sparse_);
  }
  // Finalizers find the table empty.
  void clear() {
    PyObject** dense = std::exchange(dense_, nullptr);
    std::size_t room = std::exchange(room_, 0);
    std::unique_ptr<Sparse> sparse = std::move(sparse_);
    count_ = 0;
    for (std::size_t i = 0; i < room; ++i) Py_XDECREF(dense[i]);
    PyMem_Free(dense);
  }
  std::size_t bytes() const {
    std::size_t others = sparse_ ? sparse_->size() : 0;
    return room_ * sizeof(PyObject*) + others * (sizeof(void*) * 4);
  }
  int traverse(visitproc visit, void* arg) const {
    for (std::size_t i = 0; i < room_; ++i) Py_VISIT(dense_[i]);
    if (!sparse_) return 0;
    for (auto& [index, value] : *sparse_) Py_VISIT(value.get());
    return 0;
  }

 private:
  using Sparse = std::unordered_map<std::uint64_t, cpython::Ref>;

  PyObject* find_sparse(std::uint64_t index) const {
    auto found = sparse_->find(index);
    return found == sparse_->end() ? nullptr : found->second.get();
  }
  void set_sparse(std::uint64_t index, cpython::Ref value) {
    if (!sparse_) sparse_ = std::make_unique<Sparse>();
    auto [place, is_new] = sparse_->try_emplace(index);
    if (is_new) ++count_;
    std::swap(place->second, value);
  }
  // True when the index was in the hash table: the array has it now.
  bool drop_sparse(std::uint64_t index) {
    auto node = sparse_->extract(index);
    return !node.empty();
  }
  // Any of the ways in which an index may be new or taken.
  [[gnu::noinline]] void replace(std::uint64_t index, cpython::Ref value) {
    if (index >= room_ && !make_room(index)) return set_sparse(index, std::move(value));
    PyObject* old = std::exchange(dense_[index], value.release());
    if (old == nullptr && (!sparse_ || !drop_sparse(index))) ++count_;
    Py_XDECREF(old);
  }
  bool make_room(std::uint64_t index) {
    constexpr std::size_t kLeast = 64;
    std::uint64_t justified = kLeast + 2 * static_cast<std::uint64_t>(count_);
    if (index >= justified) return false;
    auto room = static_cast<std::size_t>(justified);
    void* memory = PyMem_Realloc(dense_, room * sizeof(PyObject*));
    if (memory == nullptr) throw std::bad_alloc();
    dense_ = static_cast<PyObject**>(memory);
    for (std::size_t i = room_; i < room; ++i) dense_[i] = nullptr;
    room_ = room;
    return true;
  }

  PyObject** dense_ = nullptr;
  std::size_t room_ = 0;
  std::size_t count_ = 0;
  std::unique_ptr<Sparse> sparse_;  // null: all are in the array
};

}  // namespace cppickle::unpickling

#endif  // CPPICKLE_UNPICKLING_OBJECT_TABLE_H_
