// A growing array whose first elements need no allocation.
#ifndef CPPICKLE_CORE_INLINE_VECTOR_H_
#define CPPICKLE_CORE_INLINE_VECTOR_H_

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

namespace cppickle::core {

// Of values that bytes can be copied of.  push_back() throws std::bad_alloc and then
// leaves everything as it was.
template <typename T, std::size_t first_count>
class InlineVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  InlineVector() = default;
  InlineVector(const InlineVector&) = delete;
  InlineVector& operator=(const InlineVector&) = delete;
  ~InlineVector() { clear(); }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t heap_bytes() const { return is_inline() ? 0 : capacity_ * sizeof(T); }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

  T& push_back(T value) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    return data_[size_++] = value;
  }
  void pop_back() { --size_; }
  void clear() {
    if (!is_inline()) std::free(data_);
    data_ = first();
    capacity_ = first_count;
    size_ = 0;
  }
  // Takes over what the other holds, which is empty afterwards.
  void take(InlineVector& other) {
    clear();
    if (other.is_inline()) {
      std::memcpy(static_cast<void*>(first_), other.first_, other.size_ * sizeof(T));
    } else {
      data_ = other.data_;
      capacity_ = other.capacity_;
      other.data_ = other.first();
    }
    size_ = other.size_;
    other.clear();
  }

 private:
  T* first() { return reinterpret_cast<T*>(first_); }
  bool is_inline() const { return reinterpret_cast<const std::byte*>(data_) == first_; }
  [[gnu::noinline]] void grow() {
    std::size_t capacity = capacity_ * 2;
    void* memory = std::realloc(is_inline() ? nullptr : data_, capacity * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    if (is_inline()) std::memcpy(memory, first_, size_ * sizeof(T));
    data_ = static_cast<T*>(memory);
    capacity_ = capacity;
  }

  T* data_ = first();
  std::size_t size_ = 0;
  std::size_t capacity_ = first_count;
  alignas(T) std::byte first_[first_count * sizeof(T)];
};

}  // namespace cppickle::core

#endif  // CPPICKLE_CORE_INLINE_VECTOR_H_
