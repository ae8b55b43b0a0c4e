#include "cpython/dicts.h"

#include "cpython/compat.h"

namespace cppickle::cpython {

DictLayout dict_layout;

namespace {

// Equal as text, whatever a subclass makes of it.
bool is_text(PyObject* key, PyObject* name) {
  return key == name ||
         (PyUnicode_Check(key) && PyUnicode_Check(name) && same_name(key, name));
}

KeysKind kind_of(PyObject* dict) {
  auto keys =
      reinterpret_cast<const char*>(reinterpret_cast<PyDictObject*>(dict)->ma_keys);
  return *reinterpret_cast<const KeysKind*>(keys + kKindOffset);
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
  KeysKind kind = kind_of(general.get());
  bool is_known = kind != kind_of(of_texts.get()) && kind == kind_of(mixed.get());
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

bool set_has_text(PyObject* set, PyObject* text) {
  Py_ssize_t position = 0;
  PyObject* item;
  while (set_next(set, &position, &item)) {
    if (is_text(item, text)) return true;
  }
  return false;
}

}  // namespace cppickle::cpython
