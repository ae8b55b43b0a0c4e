#include "stream/by_value_context.h"

#include <utility>

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/names.h"

namespace cppickle::stream {

using bytecode::request_code_info_slot;
using cpython::checked;
using cpython::Ref;
using parts::ClassName;
using parts::name_of_class;

namespace {

bool is_being_imported(PyObject* module, const cpython::Names& names) {
  PyObject* spec = cpython::dict_entry(PyModule_GetDict(module), names.spec);
  if (spec == nullptr || spec == Py_None) return false;
  Ref dict = cpython::instance_dict(spec);
  return dict && PyDict_CheckExact(dict.get()) &&
         cpython::dict_entry(dict.get(), names.initializing) == Py_True;
}

}  // namespace

void ByValueContext::load() {
  policy_.load();
  tracker_.load();
  code_info_slot_ = request_code_info_slot();
  known_globals_.load();
}

int ByValueContext::traverse(visitproc visit, void* arg) const {
  for (PyObject* object : owned_) Py_VISIT(object);
  if (int status = policy_.traverse(visit, arg)) return status;
  if (int status = known_globals_.traverse(visit, arg)) return status;
  if (int status = overrides_.traverse(visit, arg)) return status;
  return tracker_.traverse(visit, arg);
}

const ClassName& ByValueContext::name_of_static_type(PyTypeObject* type) {
  auto [entry, is_new] = static_names_.try_emplace(type);
  if (is_new) entry->second = name_of_class(type, imported_.names);
  return entry->second;
}

void ByValueContext::release() {
  module_members_.clear();
  annotation_names_.clear();
  submodule_names_.clear();
  static_names_.clear();
  known_globals_.release();
  reducers_.clear();
  enum_meta_ = nullptr;
  policy_.release();
  overrides_.release();
  tracker_.release();
  lazy_names_.clear();
  for (PyObject* object : std::exchange(owned_, {})) Py_DECREF(object);
}

void ByValueContext::register_reducer(PyObject* type, Reducer reducer) {
  owned_.push_back(Py_NewRef(type));
  reducers_.insert_or_assign(reinterpret_cast<PyTypeObject*>(type), reducer);
}

PyObject* ByValueContext::own_name(const char* text) {
  owned_.push_back(checked(PyUnicode_InternFromString(text)).release());
  return owned_.back();
}

void ByValueContext::register_lazily_imported(
    std::span<const LazilyImportedType> types) {
  for (const LazilyImportedType& type : types) {
    lazy_names_.push_back(
        {own_name(type.module), own_name(type.attribute), &type, false});
  }
}

// Modules that are imported make sys.modules larger.
void ByValueContext::scan_new_modules() {
  Py_ssize_t modules = PyDict_GET_SIZE(cpython::loaded_modules());
  if (modules == modules_scanned_) return;
  modules_scanned_ = modules;
  for (LazyName& lazy : lazy_names_) {
    if (lazy.is_registered) continue;
    PyObject* module = cpython::loaded_module(lazy.module);
    if (module == nullptr || !PyModule_Check(module)) continue;
    PyObject* object = cpython::dict_entry(PyModule_GetDict(module), lazy.attribute);
    if (object == nullptr && is_being_imported(module, imported_.names)) {
      modules_scanned_ = 0;  // it is looked for again
      continue;
    }
    // Once, also when this version of Python has no such attribute.
    lazy.is_registered = true;
    if (object != nullptr)
      register_lazy_name(lazy, object);  // else not in this version
  }
}

void ByValueContext::register_lazy_name(const LazyName& lazy, PyObject* object) {
  if (!lazy.type->is_global) return register_reducer(object, lazy.type->reducer);
  auto type = reinterpret_cast<PyTypeObject*>(object);
  if (PyType_Check(object) && PyType_IsSubtype(type, &PyType_Type)) {
    owned_.push_back(Py_NewRef(object));
    enum_meta_ = type;
    return;
  }
  known_globals_.register_global(lazy.type->module, lazy.attribute, object);
  if (!PyType_Check(object))
    register_reducer(reinterpret_cast<PyObject*>(Py_TYPE(object)), lazy.type->reducer);
}

}  // namespace cppickle::stream
