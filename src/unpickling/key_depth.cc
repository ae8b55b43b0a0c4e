#include "unpickling/key_depth.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "cpython/building.h"
#include "cpython/error.h"

namespace cppickle::unpickling {
namespace {

constexpr std::size_t kMostNested = 2000;
// Items that a hash meets; those of a tuple that is shared count wherever it is met.
constexpr std::uint64_t kMostItems = std::uint64_t{1} << 28;

// What is known of a tuple that holds tuples.
struct Extent {
  std::size_t height = 1;  // of it and the tuples in it
  std::uint64_t items = 0;

  void add(const Extent& other) {
    height = std::max(height, other.height + 1);
    items += other.items;
  }
};

struct Place {
  PyObject* tuple;
  Py_ssize_t next = 0;
  Extent extent;
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

void check_items(std::uint64_t items) {
  if (cpython::kTuplesKeepHashes || items <= kMostItems) return;
  cpython::raise(PyExc_RecursionError, "a tuple of tuples takes too long to be hashed");
}

}  // namespace

void check_key_depth(PyObject* tuple) {
  if (!has_tuples(tuple)) return;
  // Shared tuples are looked at once: there may be more paths than anybody can walk.
  std::unordered_map<PyObject*, Extent> known;
  std::vector<Place> path{{tuple, 0, {}}};
  while (!path.empty()) {
    Place& place = path.back();
    if (place.next == PyTuple_GET_SIZE(place.tuple)) {
      Extent extent = place.extent;
      extent.items += static_cast<std::uint64_t>(place.next) + 1;
      check_items(extent.items);
      known.emplace(place.tuple, extent);
      path.pop_back();
      if (!path.empty()) path.back().extent.add(extent);
      continue;
    }
    PyObject* item = PyTuple_GET_ITEM(place.tuple, place.next++);
    if (!PyTuple_Check(item)) continue;
    if (auto found = known.find(item); found != known.end()) {
      check_height(path.size() + found->second.height);
      place.extent.add(found->second);
      check_items(place.extent.items);
      continue;
    }
    check_height(path.size() + 1);
    path.push_back({item, 0, {}});
  }
}

}  // namespace cppickle::unpickling
