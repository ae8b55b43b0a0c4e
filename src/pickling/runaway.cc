#include "pickling/runaway.h"

#include <span>
#include <unordered_set>
#include <vector>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "pickling/pickler.h"

namespace cppickle::pickling {

using cpython::checked;
using cpython::checked_lookup;
using cpython::Ref;

namespace {

constexpr std::size_t kChecked = 8;      // reduce values that are asked for again
constexpr std::size_t kLookedAt = 1000;  // objects of each

bool is_plain_container(PyObject* object) {
  return PyTuple_CheckExact(object) || PyList_CheckExact(object) ||
         PyDict_CheckExact(object) || PyAnySet_CheckExact(object);
}

// Looks for an object in a reduce value: in its containers, and what its iterators
// yield.
class Search {
 public:
  explicit Search(PyObject* wanted) : wanted_(wanted) {}

  // True also when there is too much to be sure.
  bool may_find_in(PyObject* reduce_value) {
    add(reduce_value);
    for (std::size_t next = 0; next < found_.size() && !done_; ++next) {
      look_into(found_[next].get());
    }
    return done_;
  }

 private:
  void add(PyObject* object) {
    // Too much to look at counts as found: a dump is stopped only when it is certain.
    if (object == wanted_ || found_.size() >= kLookedAt) done_ = true;
    bool contains = is_plain_container(object) || PyIter_Check(object);
    if (!done_ && contains && seen_.insert(object).second)
      found_.push_back(Ref::borrow(object));
  }

  void look_into(PyObject* object) {
    if (PyDict_CheckExact(object)) return look_into_dict(object);
    Ref iterator = checked(PyObject_GetIter(object));
    while (!done_) {
      Ref item = Ref::steal(PyIter_Next(iterator.get()));
      if (!item) break;
      add(item.get());
      held_.push_back(std::move(item));
    }
    if (PyErr_Occurred()) throw cpython::ErrorSet{};
  }

  void look_into_dict(PyObject* dict) {
    Py_ssize_t position = 0;
    PyObject *key, *value;
    while (!done_ && PyDict_Next(dict, &position, &key, &value)) {
      add(key);
      add(value);
    }
  }

  PyObject* wanted_;
  bool done_ = false;
  std::vector<Ref> found_;
  std::vector<Ref> held_;  // nothing new may get an old one's address
  std::unordered_set<PyObject*> seen_;
};

// What the frame `index` reduces, and the first object above it that is no plain
// container.
struct Pair {
  PyObject* parent;
  PyObject* child;
};

std::vector<Pair> top_pairs(const WorkStack& stack) {
  std::vector<Pair> pairs;
  PyObject* child = nullptr;
  std::span<const Frame> frames = stack.frames();
  for (std::size_t i = frames.size(); i-- > 0 && pairs.size() < kChecked;) {
    PyObject* object = frames[i].object;
    if (object == nullptr) continue;
    if (frames[i].reduced && child != nullptr) pairs.push_back({object, child});
    bool iterator =
        frames[i].kind == Frame::Kind::kItems || frames[i].kind == Frame::Kind::kPairs;
    if (!iterator && !is_plain_container(object)) child = object;
  }
  return pairs;
}

}  // namespace

bool is_runaway(Pickler& pickler, const WorkStack& stack) {
  std::vector<Pair> pairs = top_pairs(stack);
  for (const Pair& pair : pairs) {
    Ref value = pickler.reduce_value_of(pair.parent);
    // Found again: it exists beside its reduce value, so the recursion has an end.
    if (!value || Search(pair.child).may_find_in(value.get())) return false;
  }
  return !pairs.empty();
}

}  // namespace cppickle::pickling
