#include "pickling/error_path.h"

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::pickling {

using cpython::Ref;

namespace {

constexpr std::size_t kLongestRepr = 80;  // characters of a key
constexpr std::size_t kShownFrames = 40;  // of each end of a long path

// Appends, piece by piece: g++ 12 warns of sums of strings for no reason.
std::string joined(std::initializer_list<std::string_view> pieces) {
  std::string text;
  for (std::string_view piece : pieces) text.append(piece);
  return text;
}

std::string utf8(PyObject* text) {
  Py_ssize_t size = 0;
  const char* data = text == nullptr ? nullptr : PyUnicode_AsUTF8AndSize(text, &size);
  if (data == nullptr) {
    PyErr_Clear();
    return "?";
  }
  return {data, static_cast<std::size_t>(size)};
}

// repr(), short, or the type's name for objects whose repr fails.
std::string short_repr(PyObject* object) {
  Ref text = Ref::steal(PyObject_Repr(object));
  if (!text) {
    PyErr_Clear();
    return joined({"<", Py_TYPE(object)->tp_name, ">"});
  }
  if (static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.get())) <= kLongestRepr)
    return utf8(text.get());
  Ref head = Ref::steal(PyUnicode_Substring(text.get(), 0, kLongestRepr));
  return utf8(head.get()) + "...";
}

// The key of the entry that a walk with PyDict_Next has reached, and its number; an
// empty Ref when it is gone.
Ref key_at(PyObject* dict, std::size_t position, std::size_t& number) {
  Py_ssize_t at = 0;
  PyObject *key = nullptr, *value, *last = nullptr;
  number = 0;
  while (static_cast<std::size_t>(at) < position &&
         PyDict_Next(dict, &at, &key, &value)) {
    last = key;
    ++number;
  }
  if (number != 0) --number;
  return Ref::borrow(last);
}

Ref nth_key(PyObject* dict, std::size_t number) {
  Py_ssize_t at = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &at, &key, &value)) {
    if (number-- == 0) return Ref::borrow(key);
  }
  return Ref();
}

std::string element_of(const std::string& path, std::size_t number) {
  return joined({"list(", path, ")[", std::to_string(number), "]"});
}

// Renders the path frame by frame.
class Path {
 public:
  explicit Path(std::string root) : text_(std::move(root)) {}

  const std::string& text() const { return text_; }
  bool has_steps() const { return has_steps_; }
  void omit() { text_ += "..."; }

  void add(const WorkStack& stack, const Frame& frame) {
    bool in_state = std::exchange(in_state_, false);
    if (in_state && add_state(frame)) return;
    if (in_state) add_text(".__getstate__()");
    switch (frame.kind) {
      case Frame::Kind::kList:
      case Frame::Kind::kTuple:
        add_index(frame.position - 1);
        break;
      case Frame::Kind::kItems:
        add_index(frame.position - 1);
        break;
      case Frame::Kind::kDict:
        add_dict(frame);
        break;
      case Frame::Kind::kSet:
      case Frame::Kind::kFrozenset:
        add_element(frame);
        break;
      case Frame::Kind::kPairs:
        add_pair(frame);
        break;
      case Frame::Kind::kState:
        in_state_ = true;
        break;
      case Frame::Kind::kScript:
        add_step(stack, frame);
        break;
    }
    expanded_ = frame.object;
  }

 private:
  void add_text(const std::string& text) {
    text_ += text;
    has_steps_ = true;
  }
  void add_index(std::size_t index) {
    add_text(joined({"[", std::to_string(index), "]"}));
  }
  void add_key(PyObject* key) { add_text(joined({"[", short_repr(key), "]"})); }

  void add_dict(const Frame& frame) {
    std::size_t number;
    Ref key = key_at(frame.object, frame.position, number);
    if (!key || frame.pending != nullptr) return enclose(number);
    add_key(key.get());
  }
  void enclose(std::size_t number) {
    text_ = element_of(text_, number);
    has_steps_ = true;
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
  // A state's dicts are attributes; a pair of such dicts passes that on.
  bool add_state(const Frame& frame) {
    if (frame.kind == Frame::Kind::kTuple && PyTuple_GET_SIZE(frame.object) == 2) {
      in_state_ = true;
      return true;
    }
    if (frame.kind != Frame::Kind::kDict) return false;
    std::size_t number;
    Ref key = key_at(frame.object, frame.position, number);
    if (!key || !PyUnicode_Check(key.get()) || !PyUnicode_IsIdentifier(key.get())) {
      PyErr_Clear();
      add_text(".__dict__");
      add_dict(frame);
      return true;
    }
    add_text(joined({".", utf8(key.get())}));
    return true;
  }
  void add_step(const WorkStack& stack, const Frame& frame) {
    // No step has begun: the frame was pushed just now.
    if (frame.position == frame.extra) return;
    const Step& step = stack.step(frame.position - 1);
    switch (step.label) {
      case Label::kNone:
        break;
      case Label::kText:
        add_text(utf8(step.label_key));
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
      case Label::kState:
        in_state_ = true;
        break;
    }
  }

  std::string text_;
  bool has_steps_ = false;
  bool in_state_ = false;         // the next frame belongs to a state
  PyObject* expanded_ = nullptr;  // what the frame before expands
};

// `train` for a function or class, a module's name, else `obj`.
std::string root_name(PyObject* root, const cpython::Names& names) {
  bool named = PyFunction_Check(root) || PyType_Check(root) || PyModule_Check(root);
  if (!named) return "obj";
  PyObject* attribute = PyModule_Check(root) ? names.attr_name : names.qualname;
  Ref name = Ref::steal(PyObject_GetAttr(root, attribute));
  if (name && PyUnicode_Check(name.get())) return utf8(name.get());
  PyErr_Clear();
  return "obj";
}

}  // namespace

ErrorPath error_path(const WorkStack& stack, PyObject* root,
                     const cpython::Names& names) {
  Path path(root_name(root, names));
  std::span<const Frame> frames = stack.frames();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames.size() > 2 * kShownFrames && i == kShownFrames) {
      // A path may have a million frames; its ends are what helps.
      path.omit();
      i = frames.size() - kShownFrames;
    }
    path.add(stack, frames[i]);
  }
  return {path.text(), path.has_steps()};
}

}  // namespace cppickle::pickling
