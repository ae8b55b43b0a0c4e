#include "pickling/error_path.h"

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/ref.h"
#include "pickling/object_places.h"

namespace cppickle::pickling {

using cpython::Ref;

namespace {

constexpr std::size_t kShownFrames = 40;  // of each end of a long path

// An entry of a dict that a walk has reached; `key` is empty when it is gone.
struct ReachedEntry {
  Ref key;
  Ref value;
  std::size_t number = 0;
};

// REQUIRES: `position` is PyDict_Next's.
ReachedEntry entry_at(PyObject* dict, std::size_t position) {
  Py_ssize_t at = 0;
  PyObject *key = nullptr, *value = nullptr;
  std::size_t count = 0;
  ReachedEntry entry;
  while (static_cast<std::size_t>(at) < position &&
         PyDict_Next(dict, &at, &key, &value)) {
    ++count;
  }
  if (count == 0) return entry;
  return {Ref::borrow(key), Ref::borrow(value), count - 1};
}

Ref nth_key(PyObject* dict, std::size_t number) {
  Py_ssize_t at = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &at, &key, &value)) {
    if (number-- == 0) return Ref::borrow(key);
  }
  return Ref();
}

Ref item_at(PyObject* sequence, std::size_t index) {
  auto place = static_cast<Py_ssize_t>(index);
  bool list = PyList_Check(sequence);
  if (place >= (list ? PyList_GET_SIZE(sequence) : PyTuple_GET_SIZE(sequence)))
    return Ref();
  return Ref::borrow(list ? PyList_GET_ITEM(sequence, place)
                          : PyTuple_GET_ITEM(sequence, place));
}

// (dict or None, dict of slots)
bool is_pair_of_states(PyObject* state) {
  if (PyTuple_GET_SIZE(state) != 2) return false;
  for (Py_ssize_t i = 0; i < 2; ++i) {
    PyObject* item = PyTuple_GET_ITEM(state, i);
    if (item != Py_None && !PyDict_Check(item)) return false;
  }
  return true;
}

// Renders the path frame by frame.
//
// What an object answers to be pickled, a reduce value or a state, is no part of it: as
// soon as the way through the answer meets something that the object holds itself, the
// path goes on from there (object_places.h).
class Path {
 public:
  Path(std::string root, const WorkStack& stack, const cpython::Names& names)
      : text_(std::move(root)), stack_(stack), names_(names) {}

  const std::string& text() const { return text_; }
  bool has_steps() const { return has_steps_; }
  void omit() {
    text_ += "...";
    leave_answer();
  }

  void add(const Frame& frame) {
    bool in_state = std::exchange(in_state_, false);
    state_is_last_ = false;
    switch (frame.kind) {
      case Frame::Kind::kList:
      case Frame::Kind::kTuple:
        add_sequence(frame, in_state);
        break;
      case Frame::Kind::kItems:
        leave_answer();
        if (frame.position != 0) add_index(frame.position - 1);
        break;
      case Frame::Kind::kDict:
        add_dict(frame, in_state);
        break;
      case Frame::Kind::kSet:
      case Frame::Kind::kFrozenset:
        if (in_state) add_text(kState);
        leave_answer();
        add_element(frame);
        break;
      case Frame::Kind::kPairs:
        leave_answer();
        add_pair(frame);
        break;
      case Frame::Kind::kState:
        enter_answer(frame.object);
        in_state_ = true;
        break;
      case Frame::Kind::kScript:
        if (in_state) add_text(kState);
        add_step(frame);
        break;
    }
    expanded_ = frame.object;
  }
  // To be called after the last frame.
  void finish() {
    if (state_is_last_) add_text(kState);
  }

 private:
  static constexpr const char* kState = ".__getstate__()";

  void add_text(const std::string& text) {
    text_ += text;
    has_steps_ = true;
  }
  void add_index(std::size_t index) {
    add_text(joined({"[", std::to_string(index), "]"}));
  }
  void add_key(PyObject* key) { add_text(joined({"[", short_repr(key), "]"})); }
  void enclose(std::size_t number) {
    text_ = element_of(text_, number);
    has_steps_ = true;
  }

  // What follows is on the way through what `object` answered.
  void enter_answer(PyObject* object) {
    if (object == nullptr) return;  // a part of a script
    answering_ = object;
    answering_text_ = text_;
  }
  void leave_answer() { answering_ = nullptr; }
  // True when the object that answered holds `met` itself.
  bool leave_answer_at(PyObject* met) {
    if (answering_ == nullptr || met == nullptr) return false;
    std::string place = place_within(met, answering_, answering_text_, names_);
    if (place.empty()) return false;
    text_ = std::move(place);
    has_steps_ = true;
    leave_answer();
    return true;
  }

  void add_sequence(const Frame& frame, bool in_state) {
    if (frame.position == 0) return;  // pushed just now
    if (in_state && PyTuple_Check(frame.object) && is_pair_of_states(frame.object)) {
      in_state_ = true;
      return;
    }
    if (in_state) add_text(kState);
    std::size_t index = frame.position - 1;
    add_index(index);
    leave_answer_at(item_at(frame.object, index).get());
  }
  // The dicts of a state hold attributes.
  void add_dict(const Frame& frame, bool in_state) {
    if (frame.position == 0) return;
    ReachedEntry entry = entry_at(frame.object, frame.position);
    PyObject* key = entry.key.get();
    bool attribute = in_state && key != nullptr && PyUnicode_Check(key) &&
                     PyUnicode_IsIdentifier(key) && frame.pending == nullptr;
    if (attribute) {
      leave_answer();
      return add_text(joined({".", utf8(key)}));
    }
    if (in_state) {
      leave_answer();
      add_text(".__dict__");
    }
    if (key == nullptr || frame.pending != nullptr) return enclose(entry.number);
    add_key(key);
    leave_answer_at(entry.value.get());
  }
  void add_element(const Frame& frame) {
    if (frame.ahead != nullptr)  // in an order of their own: sets.cc
      return enclose(frame.position == 0 ? 0 : frame.position - 1);
    Py_ssize_t position = 0;
    PyObject* item;
    std::size_t number = 0;
    while (static_cast<std::size_t>(position) < frame.position &&
           cpython::set_next(frame.object, &position, &item)) {
      ++number;
    }
    enclose(number == 0 ? 0 : number - 1);
  }
  // Entries of a dict subclass: the iterator does not give the key, the object does.
  void add_pair(const Frame& frame) {
    std::size_t number = frame.position == 0 ? 0 : frame.position - 1;
    bool dict = expanded_ != nullptr && PyDict_Check(expanded_);
    Ref key = dict ? nth_key(expanded_, number) : Ref();
    if (!key || frame.pending != nullptr) return enclose(number);
    add_key(key.get());
  }

  void add_step(const Frame& frame) {
    // No step has begun: the frame was pushed just now.
    if (frame.position == frame.extra) return;
    const Step& step = stack_.step(frame.position - 1);
    bool answer = step.label == Label::kNone || step.label == Label::kAnswer ||
                  step.label == Label::kState;
    if (!answer) leave_answer();
    if (answer) enter_answer(frame.object);
    switch (step.label) {
      case Label::kNone:
        leave_answer_at(step.object);
        break;
      case Label::kText:
        add_text(utf8(step.label_key));
        break;
      case Label::kAnswer:
        add_text(utf8(step.label_key));
        leave_answer_at(step.object);
        break;
      case Label::kAttribute:
        add_text(joined({".", utf8(step.label_key)}));
        break;
      case Label::kKey:
        add_key(step.label_key);
        break;
      case Label::kGlobal:
        add_text(joined({".__globals__[", short_repr(step.label_key), "]"}));
        break;
      case Label::kFreeVariable:
        add_text(joined({".__closure__[", short_repr(step.label_key), "]"}));
        break;
      case Label::kListed:
        text_ = joined({"list(", text_, ")"});
        break;
      case Label::kState:
        in_state_ = state_is_last_ = !leave_answer_at(step.object);
        break;
    }
  }

  std::string text_;
  bool has_steps_ = false;
  bool in_state_ = false;          // the next frame is a state's
  bool state_is_last_ = false;     // unless another frame follows
  PyObject* expanded_ = nullptr;   // what the frame before expands
  PyObject* answering_ = nullptr;  // the object whose answer the way goes through
  std::string answering_text_;     // the path to it
  const WorkStack& stack_;
  const cpython::Names& names_;
};

// --- The root -----------------------------------------------------------------------

bool has_own_name(PyObject* object) {
  return PyFunction_Check(object) || PyCFunction_Check(object) ||
         PyMethod_Check(object) || PyType_Check(object);
}

Ref own_name(PyObject* object, const cpython::Names& names) {
  PyObject* attribute = PyModule_Check(object) ? names.attr_name : names.qualname;
  Ref name = Ref::steal(PyObject_GetAttr(object, attribute));
  if (name && PyUnicode_Check(name.get())) return name;
  PyErr_Clear();
  return Ref();
}

// `train` for a function or class, a module's name, else that of its class.
std::string name_of(PyObject* object, const cpython::Names& names) {
  bool named = has_own_name(object) || PyModule_Check(object);
  Ref name =
      own_name(named ? object : reinterpret_cast<PyObject*>(Py_TYPE(object)), names);
  return name ? utf8(name.get()) : "obj";
}

// The name of an item of the root, where Hooks::root_name names its items: its own when
// it is a function or class that has one.
std::string name_of_item(PyObject* item, PyObject* given, const cpython::Names& names) {
  Ref name = item != nullptr && has_own_name(item) ? own_name(item, names) : Ref();
  return utf8(name && is_name(name.get()) ? name.get() : given);
}

}  // namespace

ErrorPath error_path(const WorkStack& stack, PyObject* root, PyObject* root_name,
                     const cpython::Names& names) {
  std::span<const Frame> frames = stack.frames();
  std::size_t first = 0;
  std::string begin;
  if (root_name == nullptr) {
    begin = name_of(root, names);
  } else if (PyUnicode_Check(root_name)) {
    begin = utf8(root_name);
  } else if (!frames.empty() && frames[0].kind == Frame::Kind::kTuple) {
    std::size_t index = frames[first++].position - 1;
    begin = name_of_item(item_at(root, index).get(), item_at(root_name, index).get(),
                         names);
  }
  Path path(std::move(begin), stack, names);
  for (std::size_t i = first; i < frames.size(); ++i) {
    if (frames.size() > 2 * kShownFrames && i == kShownFrames) {
      // A path may have a million frames; its ends are what helps.
      path.omit();
      i = frames.size() - kShownFrames;
    }
    path.add(frames[i]);
  }
  path.finish();
  return {path.text(), path.has_steps() || root_name != nullptr};
}

}  // namespace cppickle::pickling
