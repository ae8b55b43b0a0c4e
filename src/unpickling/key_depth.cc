#include "unpickling/key_depth.h"

#include <cstddef>
#include <vector>

#include "cpython/error.h"

namespace cppickle::unpickling {
namespace {

constexpr std::size_t kMostNested = 2000;

struct Place {
  PyObject* tuple;
  Py_ssize_t next;
};

bool has_tuples(PyObject* tuple) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); ++i) {
    if (PyTuple_Check(PyTuple_GET_ITEM(tuple, i))) return true;
  }
  return false;
}

}  // namespace

void check_key_depth(PyObject* tuple) {
  if (!has_tuples(tuple)) return;
  std::vector<Place> path{{tuple, 0}};
  while (!path.empty()) {
    Place& place = path.back();
    if (place.next == PyTuple_GET_SIZE(place.tuple)) {
      path.pop_back();
      continue;
    }
    PyObject* item = PyTuple_GET_ITEM(place.tuple, place.next++);
    if (!PyTuple_Check(item)) continue;
    if (path.size() == kMostNested) {
      cpython::raise(PyExc_RecursionError,
                     "maximum depth exceeded while a tuple is hashed");
    }
    path.push_back({item, 0});
  }
}

}  // namespace cppickle::unpickling
