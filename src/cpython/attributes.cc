#include "cpython/attributes.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/ref.h"

// From 3.11 on an instance's values may stand beside or inside of it, under the names
// that its class keeps for all of its instances, until something asks for the __dict__.
// Include/internal/pycore_dict.h and pycore_object.h, as of the versions named here.
#if PY_VERSION_HEX >= 0x030b0000 && PY_VERSION_HEX < 0x030f0000 && \
    !defined(Py_GIL_DISABLED)
#define CPPICKLE_READS_INLINE_VALUES 1
#else
#define CPPICKLE_READS_INLINE_VALUES 0
#endif

namespace cppickle::cpython {
namespace {

bool read_dict(PyObject* dict, Attributes& attributes) {
  if (!PyDict_CheckExact(dict)) return false;
  attributes.dict = dict;
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (PyDict_Next(dict, &position, &name, &value)) {
    if (!PyUnicode_CheckExact(name) || !attributes.add(name, value)) return false;
  }
  return true;
}

#if CPPICKLE_READS_INLINE_VALUES

// struct _dictkeysobject, of a kind that holds exact str only.
struct SharedKeys {
  Py_ssize_t reference_count;
  std::uint8_t log2_size;
  std::uint8_t log2_index_bytes;
  std::uint8_t kind;
  std::uint32_t version;
  Py_ssize_t usable;
  Py_ssize_t entry_count;
  char indices[1];

  struct Entry {
    PyObject* name;
    PyObject* value;  // of no use in shared keys
  };
  static constexpr std::uint8_t kSplit = 2;

  const Entry* entries() const {
    return reinterpret_cast<const Entry*>(indices +
                                          (std::size_t{1} << log2_index_bytes));
  }
};

// The values of an instance without a dict, and in which order they were set.
struct InlineValues {
  PyObject** values;
  const std::uint8_t* order;
  std::ptrdiff_t step;  // from one place of the order to the next
  std::size_t count;
};

PyObject* dict_of(PyObject* object);

#if PY_VERSION_HEX >= 0x030d0000

struct ValuesHead {  // struct _dictvalues
  std::uint8_t capacity;
  std::uint8_t size;
  std::uint8_t embedded;
  std::uint8_t valid;
};

PyObject* dict_of(PyObject* object) { return reinterpret_cast<PyObject**>(object)[-3]; }

bool find_values(PyObject* object, InlineValues& found) {
  if (!PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_INLINE_VALUES)) return false;
  char* begin = reinterpret_cast<char*>(object) + Py_TYPE(object)->tp_basicsize;
  ValuesHead head;
  std::memcpy(&head, begin, sizeof head);
  if (head.valid == 0) return false;
  auto values = reinterpret_cast<PyObject**>(begin + sizeof(PyObject*));
  auto order = reinterpret_cast<const std::uint8_t*>(values + head.capacity);
  found = {values, order, 1, head.size};
  return true;
}

#else

// The size and the order stand before the values, backwards.
bool values_at(char* begin, InlineValues& found) {
  if (begin == nullptr) return false;
  auto bytes = reinterpret_cast<const std::uint8_t*>(begin);
  found = {reinterpret_cast<PyObject**>(begin), bytes - 3, -1, bytes[-2]};
  return true;
}

#if PY_VERSION_HEX >= 0x030c0000

// One pointer for both: values are marked by the lowest bit, with 1 subtracted.
PyObject* dict_of(PyObject* object) {
  PyObject* either = reinterpret_cast<PyObject**>(object)[-3];
  return (reinterpret_cast<std::uintptr_t>(either) & 1) != 0 ? nullptr : either;
}

bool find_values(PyObject* object, InlineValues& found) {
  char* either = reinterpret_cast<char**>(object)[-3];
  return (reinterpret_cast<std::uintptr_t>(either) & 1) != 0 &&
         values_at(either + 1, found);
}

#else

PyObject* dict_of(PyObject* object) { return reinterpret_cast<PyObject**>(object)[-3]; }

bool find_values(PyObject* object, InlineValues& found) {
  return values_at(reinterpret_cast<char**>(object)[-4], found);
}

#endif
#endif

bool read_values(PyObject* object, Attributes& attributes) {
  InlineValues found;
  auto keys = reinterpret_cast<const SharedKeys*>(
      reinterpret_cast<PyHeapTypeObject*>(Py_TYPE(object))->ht_cached_keys);
  if (keys == nullptr || keys->kind != SharedKeys::kSplit ||
      !find_values(object, found))
    return false;
  const SharedKeys::Entry* entries = keys->entries();
  for (std::size_t i = 0; i < found.count; ++i) {
    std::size_t place = found.order[static_cast<std::ptrdiff_t>(i) * found.step];
    if (static_cast<Py_ssize_t>(place) >= keys->entry_count) return false;
    PyObject* value = found.values[place];
    if (value == nullptr || !attributes.add(entries[place].name, value)) return false;
  }
  return true;
}

#endif

}  // namespace

bool read_attributes(PyObject* object, Attributes& attributes) {
#if CPPICKLE_READS_INLINE_VALUES
  if (PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_MANAGED_DICT)) {
    if (PyObject* dict = dict_of(object)) return read_dict(dict, attributes);
    return read_values(object, attributes);
  }
#endif
#if PY_VERSION_HEX >= 0x030b0000
  if (Py_TYPE(object)->tp_dictoffset <= 0) return false;
#endif
  PyObject** dict = _PyObject_GetDictPtr(object);
  return dict != nullptr && (*dict == nullptr || read_dict(*dict, attributes));
}

bool has_attribute(PyObject* object, PyObject* name) {
  if (Py_TYPE(object)->tp_dictoffset == 0) return false;
  Attributes attributes;
  if (read_attributes(object, attributes)) {
    auto end = attributes.names.begin() + static_cast<std::ptrdiff_t>(attributes.count);
    return std::any_of(attributes.names.begin(), end,
                       [name](PyObject* own) { return same_name(own, name); });
  }
  Ref dict = instance_dict(object);
  return dict && dict_entry(dict.get(), name) != nullptr;
}

}  // namespace cppickle::cpython
