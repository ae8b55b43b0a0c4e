#include "pickling/object_places.h"

#include <descrobject.h>

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"

namespace cppickle::pickling {

using cpython::Ref;

namespace {

constexpr std::size_t kLongestRepr = 80;    // characters of a key
constexpr Py_ssize_t kMostItems = 100'000;  // looked through

// Getters of builtin types that answer what the object holds, and run nobody's code.
bool is_plain_getter(PyObject* descriptor, const cpython::Names& names) {
  bool builtin = std::string_view(PyDescr_TYPE(descriptor)->tp_name).find('.') ==
                 std::string::npos;
  return builtin && cpython::is_any_of(PyDescr_NAME(descriptor),
                                       {names.attr_self, names.args, names.attr_class});
}

// What a descriptor of the type says that the object holds; empty for others.
Ref held_by(PyObject* owner, PyObject* descriptor, const cpython::Names& names) {
  // __dict__ is what attributes are read from, and no place of its own.
  bool member = Py_TYPE(descriptor) == &PyMemberDescr_Type &&
                !cpython::same_name(PyDescr_NAME(descriptor), names.attr_dict);
  bool getter =
      Py_TYPE(descriptor) == &PyGetSetDescr_Type && is_plain_getter(descriptor, names);
  if (!member && !getter) return Ref();
  Ref value =
      Ref::steal(Py_TYPE(descriptor)
                     ->tp_descr_get(descriptor, owner,
                                    reinterpret_cast<PyObject*>(Py_TYPE(owner))));
  if (!value) PyErr_Clear();
  return value;
}

// Looks for `value` among attributes: found() is true when one of them is it.
class Search {
 public:
  Search(PyObject* value, const std::string& path) : value_(value), path_(path) {}

  const std::string& place() const { return place_; }

  void add(PyObject* name, PyObject* held) {
    if (is_done_ || !PyUnicode_Check(name) || !PyUnicode_IsIdentifier(name)) return;
    if (held == value_) {
      place_ = joined({path_, ".", utf8(name)});
      is_done_ = true;
    } else if (place_.empty() && PyTuple_CheckExact(held)) {
      add_items(joined({path_, ".", utf8(name)}), held);
    }
  }

 private:
  void add_items(const std::string& path, PyObject* tuple) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple) && i < kMostItems; ++i) {
      if (PyTuple_GET_ITEM(tuple, i) != value_) continue;
      place_ = joined({path, "[", std::to_string(i), "]"});
      return;
    }
  }

  PyObject* value_;
  const std::string& path_;
  std::string place_;
  bool is_done_ = false;  // else it may be an item of an attribute, or nothing
};

std::string place_in_attributes(PyObject* value, PyObject* owner,
                                const std::string& path, const cpython::Names& names) {
  Search search(value, path);
  PyTypeObject* type = Py_TYPE(owner);
  if (Ref dict = PyType_Check(owner) ? Ref() : cpython::instance_dict(owner)) {
    Py_ssize_t position = 0;
    PyObject *name, *held;
    while (PyDict_Check(dict.get()) &&
           PyDict_Next(dict.get(), &position, &name, &held)) {
      search.add(name, held);
    }
  }
  if (type->tp_mro == nullptr) return search.place();
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(type->tp_mro); ++i) {
    auto base = reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(type->tp_mro, i));
    Py_ssize_t position = 0;
    PyObject *name, *descriptor;
    while (PyDict_Next(cpython::type_dict(base), &position, &name, &descriptor)) {
      if (Ref held = held_by(owner, descriptor, names)) search.add(name, held.get());
    }
  }
  return search.place();
}

std::string place_in_tuple(PyObject* value, PyObject* owner, const std::string& path,
                           const cpython::Names& names) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(owner) && i < kMostItems; ++i) {
    if (PyTuple_GET_ITEM(owner, i) != value) continue;
    PyObject* fields = cpython::type_lookup(Py_TYPE(owner), names.tuple_fields);
    bool named = fields != nullptr && PyTuple_Check(fields) &&
                 PyTuple_GET_SIZE(fields) == PyTuple_GET_SIZE(owner);
    return named ? joined({path, ".", utf8(PyTuple_GET_ITEM(fields, i))})
                 : joined({path, "[", std::to_string(i), "]"});
  }
  return {};
}

std::string place_in_dict(PyObject* value, PyObject* owner, const std::string& path) {
  Py_ssize_t position = 0;
  PyObject *key, *held;
  while (PyDict_Next(owner, &position, &key, &held)) {
    if (held != value) continue;
    Ref hold = Ref::borrow(key);
    return joined({path, "[", short_repr(key), "]"});
  }
  return {};
}

std::string place_in_set(PyObject* value, PyObject* owner, const std::string& path) {
  Py_ssize_t position = 0;
  PyObject* item;
  for (std::size_t number = 0; cpython::set_next(owner, &position, &item); ++number) {
    if (item == value) return element_of(path, number);
  }
  return {};
}

std::string place_among_items(PyObject* value, PyObject* owner, const std::string& path,
                              const cpython::Names& names) {
  if (PyTuple_Check(owner)) return place_in_tuple(value, owner, path, names);
  if (PyDict_Check(owner)) return place_in_dict(value, owner, path);
  if (PyAnySet_Check(owner)) return place_in_set(value, owner, path);
  return {};
}

}  // namespace

std::string joined(std::initializer_list<std::string_view> pieces) {
  std::string text;
  for (std::string_view piece : pieces) text.append(piece);
  return text;
}

std::string utf8(PyObject* text) {
  Py_ssize_t size = 0;
  const char* data = text == nullptr || !PyUnicode_Check(text)
                         ? nullptr
                         : PyUnicode_AsUTF8AndSize(text, &size);
  if (data == nullptr) {
    PyErr_Clear();
    return "?";
  }
  return {data, static_cast<std::size_t>(size)};
}

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

std::string element_of(const std::string& path, std::size_t number) {
  return joined({"list(", path, ")[", std::to_string(number), "]"});
}

bool is_name(PyObject* text) {
  Py_ssize_t size = PyUnicode_GET_LENGTH(text);
  Py_ssize_t dot = PyUnicode_FindChar(text, '.', 0, size, -1);
  Ref last = Ref::steal(PyUnicode_Substring(text, dot < 0 ? 0 : dot + 1, size));
  if (!last) PyErr_Clear();
  return last && PyUnicode_IsIdentifier(last.get());
}

std::string place_within(PyObject* value, PyObject* owner, const std::string& path,
                         const cpython::Names& names) {
  std::string place = place_among_items(value, owner, path, names);
  return !place.empty() ? place : place_in_attributes(value, owner, path, names);
}

}  // namespace cppickle::pickling
