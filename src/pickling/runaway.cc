#include "pickling/runaway.h"

#include <algorithm>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "pickling/pickler.h"

namespace cppickle::pickling {

using cpython::checked;
using cpython::Ref;

namespace {

constexpr std::size_t kChecked = 8;      // reduce values that are asked for again
constexpr std::size_t kLookedAt = 1000;  // objects of each

bool is_plain_container(PyObject* object) {
  return PyTuple_CheckExact(object) || PyList_CheckExact(object) ||
         PyDict_CheckExact(object) || PyAnySet_CheckExact(object);
}

// Looks for one of some objects in a reduce value: in its containers, what its
// iterators yield, and in the reduce values of objects of `opened` types.
class Search {
 public:
  using Objects = std::unordered_set<PyObject*>;

  Search(Pickler& pickler, Objects wanted, std::size_t most, Objects opened = {})
      : pickler_(pickler),
        wanted_(std::move(wanted)),
        opened_(std::move(opened)),
        most_(most) {}

  // What is known already and led nowhere.
  void leave_out(PyObject* object) { seen_.insert(object); }

  // True also when there is too much to be sure.
  bool may_find_in(Ref reduce_value) {
    add(reduce_value.get());
    for (std::size_t next = 0; next < found_.size() && !done_; ++next) {
      look_into(Ref::borrow(found_[next].get()));
    }
    return done_;
  }

 private:
  bool is_opened(PyObject* object) const {
    return opened_.contains(reinterpret_cast<PyObject*>(Py_TYPE(object)));
  }

  void add(PyObject* object) {
    // Too much to look at counts as found: a dump is stopped only when it is certain.
    if (wanted_.contains(object) || found_.size() >= most_) done_ = true;
    bool contains =
        is_plain_container(object) || PyIter_Check(object) || is_opened(object);
    if (!done_ && contains && seen_.insert(object).second)
      found_.push_back(Ref::borrow(object));
  }

  void look_into(Ref object) {
    if (PyDict_CheckExact(object.get())) return look_into_dict(object.get());
    if (!is_plain_container(object.get()) && is_opened(object.get())) {
      if (Ref value = pickler_.reduce_value_of(object.get())) add(value.get());
      return;
    }
    Ref iterator = checked(PyObject_GetIter(object.get()));
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

  Pickler& pickler_;
  Objects wanted_;
  Objects opened_;
  std::size_t most_;
  bool done_ = false;
  std::vector<Ref> found_;
  std::vector<Ref> held_;  // nothing new may get an old one's address
  Objects seen_;
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
    if (!value ||
        Search(pickler, {pair.child}, kLookedAt).may_find_in(std::move(value)))
      return false;
  }
  return !pairs.empty();
}

namespace {

// How often an object is being expanded, one time inside of the other.
struct Rounds {
  explicit Rounds(PyObject* expanded) : object(expanded) {}

  // The frame `index` is the `number`th that expands an object: this one.
  void note(std::size_t index, std::size_t number) {
    if (++count == 2) second = index;
    previous = std::exchange(last, index);
    length = number - std::exchange(number_of_last, number);
  }

  // The greater part of the stack: whatever lies below it, it is this that grows.
  bool fill(std::size_t expansions) const {
    return count >= 3 && 2 * (count - 1) * length >= expansions;
  }

  PyObject* object;
  std::size_t count = 0;
  std::size_t second = 0;  // the frame that expands it for the second time
  std::size_t previous = 0, last = 0;
  std::size_t number_of_last = 0;
  std::size_t length = 0;  // expansions from the previous one to the last
};

bool expands_object(const Frame& frame) {
  return frame.kind == Frame::Kind::kScript && frame.object != nullptr;
}

// The objects that the frames on top expand.
std::vector<Rounds> top_expansions(Pickler& pickler, std::span<const Frame> frames) {
  std::vector<Rounds> found;
  for (std::size_t i = frames.size(); i-- > 0 && found.size() < kChecked;) {
    PyObject* object = frames[i].object;
    // One that is in the memo is not reached again.
    if (expands_object(frames[i]) && !pickler.is_memoized(object) &&
        std::ranges::find(found, object, &Rounds::object) == found.end())
      found.emplace_back(object);
  }
  return found;
}

// True when the last round through `object` has put something into the memo that the
// next one may find there.
bool may_make_progress(Pickler& pickler, PyObject* object, std::span<const Frame> round,
                       std::size_t depth) {
  Search::Objects memoized, types;
  for (const Frame& frame : round) {
    if (frame.object == nullptr) continue;
    if (pickler.is_memoized(frame.object)) memoized.insert(frame.object);
    if (!is_plain_container(frame.object))
      types.insert(reinterpret_cast<PyObject*>(Py_TYPE(frame.object)));
  }
  if (memoized.empty()) return false;
  Ref value = pickler.reduce_value_of(object);
  if (!value) return true;
  constexpr std::size_t kLookedAtByFrame = 16;
  Search search(pickler, std::move(memoized), kLookedAtByFrame * depth,
                std::move(types));
  search.leave_out(object);
  return search.may_find_in(std::move(value));
}

}  // namespace

std::optional<std::size_t> find_endless_reentry(Pickler& pickler,
                                                const WorkStack& stack) {
  std::span<const Frame> frames = stack.frames();
  std::vector<Rounds> candidates = top_expansions(pickler, frames);
  std::size_t expansions = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!expands_object(frames[i])) continue;
    ++expansions;
    auto found = std::ranges::find(candidates, frames[i].object, &Rounds::object);
    if (found != candidates.end()) found->note(i, expansions);
  }
  for (const Rounds& rounds : candidates) {
    if (!rounds.fill(expansions)) continue;
    std::span<const Frame> round =
        frames.subspan(rounds.previous + 1, rounds.last - rounds.previous - 1);
    if (!may_make_progress(pickler, rounds.object, round, frames.size()))
      return rounds.second;
  }
  return std::nullopt;
}

}  // namespace cppickle::pickling
