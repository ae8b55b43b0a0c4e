// Looking dicts and sets up without running foreign code.
//
// A lookup as the interpreter makes it compares the keys that have the hash of what is
// looked for: it asks __eq__ of a key that is no str.  Whoever can write to a namespace
// can put such a key into it.
#ifndef CPPICKLE_CPYTHON_DICTS_H_
#define CPPICKLE_CPYTHON_DICTS_H_

#include <cstddef>
#include <cstdint>

#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// Finds out where a dict tells what keys it has.  To be called before anything else of
// this file.
void load_dict_layout();

// What general dicts have at kKindOffset of their keys; see dicts.cc.
#if PY_VERSION_HEX >= 0x030b0000
using KeysKind = unsigned char;
inline constexpr std::size_t kKindOffset = sizeof(Py_ssize_t) + 2;
#else
using KeysKind = void*;
inline constexpr std::size_t kKindOffset = 2 * sizeof(Py_ssize_t);
#endif
struct DictLayout {
  bool is_known = false;
  KeysKind general{};
};
extern DictLayout dict_layout;

inline KeysKind keys_kind(PyObject* dict) {
  auto keys =
      reinterpret_cast<const char*>(reinterpret_cast<PyDictObject*>(dict)->ma_keys);
  return *reinterpret_cast<const KeysKind*>(keys + kKindOffset);
}
// True where all keys are of exact type str; false also where the dict cannot tell.
inline bool has_str_keys(PyObject* dict) {
  return dict_layout.is_known && keys_kind(dict) != dict_layout.general;
}

inline constexpr bool kDictsHaveVersions = PY_VERSION_HEX < 0x030e0000;
// Changes with every change of the dict, unique in the interpreter; 0 where dicts have
// none.
inline std::uint64_t dict_version(PyObject* dict) {
#if PY_VERSION_HEX < 0x030e0000
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // from 3.12 on
  return reinterpret_cast<PyDictObject*>(dict)->ma_version_tag;
#pragma GCC diagnostic pop
#else
  (void)dict;
  return 0;
#endif
}

// As dict_entry(), for dicts that may have other keys: looks at each.
PyObject* entry_by_search(PyObject* dict, PyObject* name);

// What the dict has under a key that equals `name` as text; borrowed, or null.
[[gnu::always_inline]] inline PyObject* dict_entry(PyObject* dict, PyObject* name) {
  if (has_str_keys(dict) && PyUnicode_CheckExact(name)) [[likely]]
    return checked_lookup(PyDict_GetItemWithError(dict, name));
  return entry_by_search(dict, name);
}
PyObject* dict_entry(PyObject* dict, const char* name);

// PyDict_Next for sets.  `position` starts at 0; `item` is borrowed.
bool set_next(PyObject* set, Py_ssize_t* position, PyObject** item);
// True when one of the set's items equals `text` as text.  Looks at each.
bool set_has_text(PyObject* set, PyObject* text);

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_DICTS_H_
