#include "cpython/dicts.h"

namespace cppickle::cpython {

DictLayout dict_layout;

namespace {

// Equal as text, whatever a subclass makes of it.
bool is_text(PyObject* key, PyObject* name) {
  return key == name || (PyUnicode_Check(key) && PyUnicode_Check(name) &&
                         PyUnicode_Compare(key, name) == 0);
}

Ref dict_with_key(PyObject* key) {
  Ref dict = checked(PyDict_New());
  checked_status(PyDict_SetItem(dict.get(), key, Py_None));
  return dict;
}

}  // namespace

// dk_kind of struct _dictkeysobject (Include/internal/pycore_dict.h), and before 3.11
// its dk_lookup (Objects/dict-common.h): the function that looks keys of any kind up.
// No public header has them, so they are compared in dicts whose keys are known.
void load_dict_layout() {
  Ref text = checked(PyUnicode_FromString("key"));
  Ref of_texts = dict_with_key(text.get());
  Ref general = dict_with_key(Py_None);
  Ref mixed = dict_with_key(text.get());
  checked_status(PyDict_SetItem(mixed.get(), Py_None, Py_None));
  KeysKind kind = keys_kind(general.get());
  bool is_known = kind != keys_kind(of_texts.get()) && kind == keys_kind(mixed.get());
  dict_layout = {is_known, kind};
}

PyObject* entry_by_search(PyObject* dict, PyObject* name) {
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &position, &key, &value)) {
    if (is_text(key, name)) return value;
  }
  return nullptr;
}

PyObject* dict_entry(PyObject* dict, const char* name) {
  return dict_entry(dict, checked(PyUnicode_FromString(name)).get());
}

bool set_next(PyObject* set, Py_ssize_t* position, PyObject** item) {
#if PY_VERSION_HEX >= 0x030d0000
  auto table = reinterpret_cast<PySetObject*>(set);
  setentry* entry = table->table + *position;
  setentry* end = table->table + table->mask + 1;
  while (entry < end && (entry->key == nullptr || entry->hash == -1)) ++entry;
  *position = entry - table->table + 1;
  if (entry >= end) return false;
  *item = entry->key;
  return true;
#else
  Py_hash_t hash;
  return _PySet_NextEntry(set, position, item, &hash) != 0;
#endif
}

bool set_has_text(PyObject* set, PyObject* text) {
  Py_ssize_t position = 0;
  PyObject* item;
  while (set_next(set, &position, &item)) {
    if (is_text(item, text)) return true;
  }
  return false;
}

}  // namespace cppickle::cpython
