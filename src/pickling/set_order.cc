#include "pickling/set_order.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cpython/attributes.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/reads.h"

namespace cppickle::pickling {

using cpython::checked;
using cpython::Ref;

namespace {

// To ask for reduce values runs foreign code: what is looked at meanwhile is held.
std::vector<Ref> referenced_items(PyObject* set) {
  std::vector<Ref> items;
  items.reserve(static_cast<std::size_t>(PySet_GET_SIZE(set)));
  Py_ssize_t position = 0;
  PyObject* object;
  while (cpython::set_next(set, &position, &object))
    items.push_back(Ref::borrow(object));
  return items;
}

// What an item is compared by.  The letters are the order of the kinds.
class SortKey {
 public:
  SortKey(InstancePlans& plans, const AskForReduction& ask)
      : plans_(plans), ask_(ask) {}

  std::string of(PyObject* object) {
    text_.clear();
    add(object, 0);
    return std::move(text_);
  }

 private:
  // Deeper parts, and what comes behind so many bytes, do not count: a set in a set in
  // a set is read again at each of its levels.
  static constexpr int kDeepest = 5;
  static constexpr std::size_t kLongest = 4096;

  void put(char kind, std::string_view content) {
    text_.push_back(kind);
    text_.append(content);
    text_.push_back('\0');
  }
  void put_name(PyObject* text) {
    if (text != nullptr && PyUnicode_CheckExact(text)) put_str(text);
  }
  // By code points, whatever their width in memory.
  void put_str(PyObject* text) {
    text_.push_back('s');
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
      text_.append(cpython::compact_ascii(text));
    } else {
      for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(text); ++i) {
        Py_UCS4 c = PyUnicode_READ_CHAR(text, i);
        for (int shift = 16; shift >= 0; shift -= 8)
          text_.push_back(static_cast<char>(c >> shift));
      }
    }
    text_.push_back('\0');
  }
  void put_int(PyObject* number) {
    std::string digits(cpython::long_byte_count(number), '\0');
    cpython::long_as_bytes(number, digits.data(), digits.size());
    put('i', digits);
  }
  void put_class(PyTypeObject* type) {
    put('t', cpython::read_class(type)->tp_name);
    put_name(cpython::read_class_qualname(type));
    put_name(cpython::dict_entry(cpython::read_class_dict(type), "__module__"));
  }

  void add(PyObject* object, int depth) {
    if (depth > kDeepest || text_.size() > kLongest) return;
    PyTypeObject* type = Py_TYPE(object);
    if (type == &PyUnicode_Type) return put_str(object);
    if (type == &PyLong_Type) return put_int(object);
    if (type == &PyBytes_Type) return put('r', cpython::bytes_view(object));
    if (object == Py_None || type == &PyBool_Type)
      return put('a', object == Py_None ? "N" : object == Py_True ? "T" : "F");
    if (type == &PyFloat_Type) {
      double value = PyFloat_AS_DOUBLE(object);
      return put('f', {reinterpret_cast<const char*>(&value), sizeof value});
    }
    if (type == &PyTuple_Type) return add_tuple(object, depth);
    if (type == &PyFrozenSet_Type) return add_set(object, depth);
    if (type == &PyDict_Type) return add_dict(object, depth);
    if (PyType_Check(object)) return put_class(reinterpret_cast<PyTypeObject*>(object));
    if (type == &PyFunction_Type) {
      text_.push_back('q');
      put_name(cpython::read_field<&PyFunctionObject::func_module>(object));
      return put_name(cpython::read_field<&PyFunctionObject::func_qualname>(object));
    }
    if (type == &PyCFunction_Type)
      return put('q', reinterpret_cast<PyCFunctionObject*>(object)->m_ml->ml_name);
    if (PyModule_Check(object)) {
      PyObject* dict = PyModule_GetDict(object);
      cpython::note_read<std::string_view>(cpython::Read::kEntry, dict, "__name__");
      return put_name(cpython::dict_entry(dict, "__name__"));
    }
    add_instance(object, depth);
  }
  void add_tuple(PyObject* tuple, int depth) {
    cpython::note_read(cpython::Read::kContent, tuple);
    text_.push_back('u');
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); ++i)
      add(PyTuple_GET_ITEM(tuple, i), depth + 1);
    text_.push_back('\0');
  }
  // The state in a reduce value.
  void add_dict(PyObject* dict, int depth) {
    text_.push_back('x');
    Py_ssize_t position = 0;
    PyObject *key, *value;
    while (text_.size() <= kLongest && PyDict_Next(dict, &position, &key, &value)) {
      Ref held_key = Ref::borrow(key), held_value = Ref::borrow(value);
      add(key, depth + 1);
      add(value, depth + 1);
    }
    text_.push_back('\0');
  }
  void add_set(PyObject* set, int depth) {
    cpython::note_read(cpython::Read::kContent, set);
    std::vector<Ref> objects = referenced_items(set);
    std::vector<std::string> items;
    std::string outer = std::move(text_);
    std::size_t size = outer.size();
    for (const Ref& item : objects) {
      if (size > kLongest) break;
      text_.clear();
      add(item.get(), depth + 1);
      size += text_.size() + 1;
      items.push_back(std::move(text_));
    }
    text_ = std::move(outer);
    // What was not read is another part of the set in another process.
    if (size > kLongest) items.clear();
    std::ranges::sort(items);
    text_.push_back('v');
    text_.append(std::to_string(objects.size()));
    for (const std::string& text : items) text_.append(text);
    text_.push_back('\0');
  }
  // Members of enumerations among them.
  void add_instance(PyObject* object, int depth) {
    PyTypeObject* type = cpython::read_type(object);
    text_.push_back('w');
    put_class(type);
    if (depth >= kDeepest) return;
    if (PyUnicode_Check(object)) return put_str(object);
    if (PyLong_Check(object)) return put_int(object);
    if (PyBytes_Check(object)) return put('r', cpython::bytes_view(object));
    if (PyTuple_Check(object)) return add_tuple(object, depth);
    // Not by its reduce value: to make that orders the items, from depth 0 again.
    if (PyAnySet_Check(object)) return add_set(object, depth);
    if (!add_attributes(object)) add_reduction(object, depth);
  }
  // What an instance without a reducer of its own consists of; false for others.
  bool add_attributes(PyObject* object) {
    PyTypeObject* type = Py_TYPE(object);
    const InstancePlan& plan = plans_.plan_for(type);
    if (!plan.native) return false;
    cpython::note_read(cpython::Read::kContent, object);
    std::vector<PyObject*> values;
    for (const InstancePlan::Slot& slot : plan.slots)
      values.push_back(slot.value_of(object));
    cpython::Attributes attributes;
    if (plan.has_dict && !cpython::read_attributes(object, attributes)) return false;
    for (std::size_t i = 0; i < attributes.count; ++i) {
      put_name(attributes.names[i]);
      values.push_back(attributes.values[i]);
    }
    // An instance may refer to others, and to itself: their attributes do not count.
    for (PyObject* value : values) {
      if (value != nullptr) add(value, kDeepest);
    }
    return true;
  }
  void add_reduction(PyObject* object, int depth) {
    Ref value = ask_(object);
    if (value) add(value.get(), depth + 1);
  }

  InstancePlans& plans_;
  const AskForReduction& ask_;
  std::string text_;
};

// An item with the first bytes of its key: most comparisons need no more.
struct Item {
  std::uint64_t head;
  std::string_view key;
  PyObject* object;

  bool operator<(const Item& other) const {
    return head != other.head ? head < other.head : key < other.key;
  }
};

std::uint64_t head_of(std::string_view key) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i)
    head = head << 8 | (i < key.size() ? static_cast<unsigned char>(key[i]) : 0);
  return head;
}

// Hashes of these are the same in every process.
bool hashes_by_value(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  return type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type;
}

// The places of the items in their order; empty when it is the same everywhere.
std::vector<Item> sorted(const std::vector<Ref>& objects, InstancePlans& plans,
                         const AskForReduction& ask) {
  std::vector<Item> items;
  items.reserve(objects.size());
  bool same_everywhere = true, all_ascii = true;
  for (const Ref& object : objects) {
    PyObject* item = object.get();
    bool ascii = PyUnicode_CheckExact(item) && PyUnicode_IS_COMPACT_ASCII(item);
    same_everywhere = same_everywhere && hashes_by_value(item);
    all_ascii = all_ascii && ascii;
    std::string_view text = ascii ? cpython::compact_ascii(item) : std::string_view();
    items.push_back({head_of(text), text, item});
  }
  // Numbers hash by their value, in every process alike.
  if (same_everywhere) return {};
  std::vector<std::string> keys;
  if (!all_ascii) {
    keys.reserve(items.size());
    SortKey sort_key(plans, ask);
    for (Item& item : items) {
      keys.push_back(sort_key.of(item.object));
      item.head = head_of(keys.back());
      item.key = keys.back();
    }
  }
  // Stable, so that items whose keys are equal stay in the order of iteration.
  std::stable_sort(items.begin(), items.end());
  return items;
}

}  // namespace

Ref canonically_ordered(PyObject* set, InstancePlans& plans,
                        const AskForReduction& ask) {
  if (PySet_GET_SIZE(set) < 2) return Ref();
  std::vector<Ref> objects = referenced_items(set);
  std::vector<Item> items = sorted(objects, plans, ask);
  if (items.empty()) return Ref();
  Ref tuple = checked(PyTuple_New(static_cast<Py_ssize_t>(items.size())));
  for (std::size_t i = 0; i < items.size(); ++i)
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i),
                     Py_NewRef(items[i].object));
  return tuple;
}

void sort_canonically(PyObject* list, InstancePlans& plans,
                      const AskForReduction& ask) {
  std::vector<Ref> objects;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i)
    objects.push_back(Ref::borrow(PyList_GET_ITEM(list, i)));
  std::vector<Item> items = sorted(objects, plans, ask);
  // Who made the list may have kept it, and changed it when asked for reduce values.
  if (items.size() != static_cast<std::size_t>(PyList_GET_SIZE(list))) return;
  for (std::size_t i = 0; i < items.size(); ++i)
    PyList_SetItem(list, static_cast<Py_ssize_t>(i), Py_NewRef(items[i].object));
}

}  // namespace cppickle::pickling
