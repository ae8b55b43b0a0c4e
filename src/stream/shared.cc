#include "stream/shared.h"

#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"

namespace cppickle::stream {

using bytecode::request_code_info_slot;
using cpython::checked;
using cpython::checked_lookup;
using cpython::Ref;
using parts::ClassName;
using parts::name_of_class;

namespace {

bool is_being_imported(PyObject* module, const cpython::Names& names) {
  PyObject* spec =
      checked_lookup(PyDict_GetItemWithError(PyModule_GetDict(module), names.spec));
  if (spec == nullptr || spec == Py_None) return false;
  Ref dict = cpython::instance_dict(spec);
  return dict && PyDict_CheckExact(dict.get()) &&
         checked_lookup(PyDict_GetItemWithError(dict.get(), names.initializing)) ==
             Py_True;
}

}  // namespace

void Shared::load() {
  policy_.load();
  tracker_.load();
  code_info_slot_ = request_code_info_slot();
  known_globals_.load();
}

int Shared::traverse(visitproc visit, void* arg) const {
  for (PyObject* object : owned_) Py_VISIT(object);
  if (int status = policy_.traverse(visit, arg)) return status;
  if (int status = known_globals_.traverse(visit, arg)) return status;
  if (int status = replacements_.traverse(visit, arg)) return status;
  return tracker_.traverse(visit, arg);
}

const ClassName& Shared::name_of_static_type(PyTypeObject* type) {
  auto [entry, is_new] = static_names_.try_emplace(type);
  if (is_new) entry->second = name_of_class(type, imported_.names);
  return entry->second;
}

void Shared::release() {
  sentinels_.clear();
  static_names_.clear();
  known_globals_.release();
  reducers_.clear();
  enum_meta_ = nullptr;
  policy_.release();
  replacements_.release();
  tracker_.release();
  late_names_.clear();
  for (PyObject* object : std::exchange(owned_, {})) Py_DECREF(object);
}

void Shared::serve(PyObject* type, Reducer reducer) {
  owned_.push_back(Py_NewRef(type));
  reducers_.insert_or_assign(reinterpret_cast<PyTypeObject*>(type), reducer);
}

PyObject* Shared::own_name(const char* text) {
  owned_.push_back(checked(PyUnicode_InternFromString(text)).release());
  return owned_.back();
}

void Shared::serve_later(std::span<const LateType> types) {
  for (const LateType& type : types) {
    late_names_.push_back(
        {own_name(type.module), own_name(type.attribute), &type, false});
  }
}

// Modules that are imported make sys.modules larger.
void Shared::notice_new_modules() {
  Py_ssize_t modules = PyDict_GET_SIZE(cpython::loaded_modules());
  if (modules == modules_noticed_) return;
  modules_noticed_ = modules;
  for (LateName& late : late_names_) {
    if (late.noticed) continue;
    PyObject* module = cpython::loaded_module(late.module);
    if (module == nullptr || !PyModule_Check(module)) continue;
    PyObject* object = checked_lookup(
        PyDict_GetItemWithError(PyModule_GetDict(module), late.attribute));
    if (object == nullptr && is_being_imported(module, imported_.names)) {
      modules_noticed_ = 0;  // it is looked for again
      continue;
    }
    late.noticed = true;
    if (object != nullptr) notice(late, object);  // else not in this version
  }
}

void Shared::notice(const LateName& late, PyObject* object) {
  if (!late.type->is_global) return serve(object, late.type->reducer);
  auto type = reinterpret_cast<PyTypeObject*>(object);
  if (PyType_Check(object) && PyType_IsSubtype(type, &PyType_Type)) {
    owned_.push_back(Py_NewRef(object));
    enum_meta_ = type;
    return;
  }
  known_globals_.know(late.type->module, late.attribute, object);
  if (!PyType_Check(object))
    serve(reinterpret_cast<PyObject*>(Py_TYPE(object)), late.type->reducer);
}

}  // namespace cppickle::stream
