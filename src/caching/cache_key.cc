#include "caching/cache_key.h"

#include <algorithm>

#include "cpython/compat.h"

namespace cppickle::caching {

using cpython::Ref;

namespace {

bool same_content(PyObject* left, PyObject* right) {
  if (left == right) return true;
  if (Py_TYPE(left) != Py_TYPE(right)) return false;
  if (PyBytes_CheckExact(left))
    return cpython::bytes_view(left) == cpython::bytes_view(right);
  return PyUnicode_GET_LENGTH(left) == PyUnicode_GET_LENGTH(right) &&
         PyUnicode_Compare(left, right) == 0;
}

}  // namespace

std::vector<Ref> referenced(std::span<PyObject* const> objects) {
  std::vector<Ref> references;
  references.reserve(objects.size());
  for (PyObject* object : objects) references.push_back(Ref::borrow(object));
  return references;
}

void CacheKey::clear() {
  words.clear();
  texts.clear();
  objects.clear();
  namespaces.clear();
  kept.clear();
  numbers_.clear();
}

bool CacheKey::matches(std::span<const std::uint64_t> other_words,
                       std::span<const Ref> other_texts) const {
  return std::ranges::equal(words.items(), other_words) &&
         std::ranges::equal(texts.items(), other_texts,
                            [](PyObject* text, const Ref& other) {
                              return same_content(text, other.get());
                            });
}

}  // namespace cppickle::caching
