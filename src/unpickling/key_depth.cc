#include "unpickling/key_depth.h"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <vector>

#include "cpython/error.h"

namespace cppickle::unpickling {
namespace {

constexpr std::size_t kMostNested = 2000;

// A tuple whose items are looked at.
struct Place {
  PyObject* tuple;
  Py_ssize_t next = 0;
  std::size_t height = 1;  // of it and the tuples in it, as far as they are known
};

bool has_tuples(PyObject* tuple) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); ++i) {
    if (PyTuple_Check(PyTuple_GET_ITEM(tuple, i))) return true;
  }
  return false;
}

void check_height(std::size_t height) {
  if (height <= kMostNested) return;
  cpython::raise(PyExc_RecursionError,
                 "maximum depth exceeded while a tuple is hashed");
}

}  // namespace

void check_key_depth(PyObject* tuple) {
  if (!has_tuples(tuple)) return;
  // Shared tuples are looked at once: there may be more paths than anybody can walk.
  std::unordered_map<PyObject*, std::size_t> heights;
  std::vector<Place> path{{tuple}};
  while (!path.empty()) {
    Place& place = path.back();
    if (place.next == PyTuple_GET_SIZE(place.tuple)) {
      std::size_t height = place.height;
      heights.emplace(place.tuple, height);
      path.pop_back();
      if (!path.empty()) path.back().height = std::max(path.back().height, height + 1);
      continue;
    }
    PyObject* item = PyTuple_GET_ITEM(place.tuple, place.next++);
    if (!PyTuple_Check(item)) continue;
    if (auto known = heights.find(item); known != heights.end()) {
      place.height = std::max(place.height, known->second + 1);
      check_height(path.size() + known->second);
      continue;
    }
    check_height(path.size() + 1);
    path.push_back({item});
  }
}

}  // namespace cppickle::unpickling
