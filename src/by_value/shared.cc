#include "by_value/shared.h"

#include <cstring>
#include <string>
#include <string_view>

#include "by_value/code_objects.h"
#include "by_value/functions.h"
#include "by_value/imports.h"
#include "by_value/typing_objects.h"
#include "by_value/views.h"
#include "by_value/wrappers.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::checked_lookup;
using cpython::Ref;

namespace {

// Types of modules that are served once somebody has imported them.
struct LateType {
  const char* module;
  const char* attribute;
  Reducer reducer;  // null: the attribute itself is saved under its name
};

constexpr LateType kLateTypes[] = {
    {"typing", "TypeVar", save_type_variable},
    {"typing", "ParamSpec", save_type_variable},
    {"typing", "TypeVarTuple", save_type_variable},
    {"typing", "TypeAliasType", save_type_alias},
    {"typing", "NewType", save_new_type},
    {"functools", "partialmethod", save_partial_method},
    {"builtins", "frozendict", save_as_dict},
    {"weakref", "WeakSet", save_weak_set},
    {"weakref", "WeakKeyDictionary", save_as_dict},
    {"weakref", "WeakValueDictionary", save_as_dict},
    {"weakref", "WeakMethod", save_weak_method},
    {"dataclasses", "MISSING", nullptr},
    {"dataclasses", "KW_ONLY", nullptr},
    {"dataclasses", "_FIELD", nullptr},
    {"dataclasses", "_FIELD_CLASSVAR", nullptr},
    {"dataclasses", "_FIELD_INITVAR", nullptr},
    {"dataclasses", "_HAS_DEFAULT_FACTORY", nullptr},
    {"enum", "EnumMeta", nullptr},
    {"enum", "Enum", nullptr},
    {"enum", "IntEnum", nullptr},
    {"enum", "StrEnum", nullptr},
    {"enum", "Flag", nullptr},
    {"enum", "IntFlag", nullptr},
    {"abc", "ABC", nullptr},
};

bool save_known(ByValue& reducers, pickling::Pickler& pickler, PyObject* object) {
  return reducers.shared().save_known_global(pickler, object);
}

std::string encoded_global(PyObject* module, PyObject* name) {
  core::MemorySink sink;
  core::Emitter emitter(sink, 4);
  for (PyObject* text : {module, name}) {
    emitter.utf8(cpython::utf8_view(text), nullptr);
  }
  emitter.op(core::Opcode::STACK_GLOBAL);
  return std::string(emitter.written(0));
}

bool is_being_imported(PyObject* module, const cpython::Names& names) {
  PyObject* spec =
      checked_lookup(PyDict_GetItemWithError(PyModule_GetDict(module), names.spec));
  if (spec == nullptr || spec == Py_None) return false;
  Ref dict = cpython::instance_dict(spec);
  return dict && PyDict_CheckExact(dict.get()) &&
         checked_lookup(PyDict_GetItemWithError(dict.get(), names.initializing)) ==
             Py_True;
}

// True when the type's own name leads to it.
bool tells_truthfully(PyTypeObject* type) {
  const char* dot = std::strrchr(type->tp_name, '.');
  std::string module = dot == nullptr ? "builtins" : std::string(type->tp_name, dot);
  PyObject* loaded = PyDict_GetItemString(cpython::loaded_modules(), module.c_str());
  Ref found = Ref::steal(
      loaded == nullptr
          ? nullptr
          : PyObject_GetAttrString(loaded, dot == nullptr ? type->tp_name : dot + 1));
  PyErr_Clear();
  return found.get() == reinterpret_cast<PyObject*>(type);
}

}  // namespace

void Shared::load() {
  policy_.load();
  tracker_.load();
  code_info_slot_ = request_code_info_slot();
  for (const LateType& late : kLateTypes) {
    late_names_.push_back({own_name(late.module), own_name(late.attribute), false});
  }
  know_members_of("types");
  know_members_of("_collections_abc");
  know_methods();
  know_functions();
  auto builtin = [this](PyTypeObject& type, Reducer reducer) {
    serve(reinterpret_cast<PyObject*>(&type), reducer);
  };
  builtin(PyCode_Type, save_code);
  builtin(PyCell_Type, save_cell);
  builtin(PyMethod_Type, save_method);
  builtin(PyModule_Type, save_module);
  builtin(PyCFunction_Type, save_builtin_function);
  builtin(PyMethodDescr_Type, save_known);
  builtin(PyWrapperDescr_Type, save_known);
  builtin(PyGetSetDescr_Type, save_getset_descriptor);
  builtin(PyStaticMethod_Type, save_method_wrapper);
  builtin(PyClassMethod_Type, save_method_wrapper);
  builtin(PyProperty_Type, save_property);
  builtin(PyDictProxy_Type, save_mapping_proxy);
  builtin(PyMemoryView_Type, save_memory_view);
  builtin(PyDictKeys_Type, save_dict_view);
  builtin(PyDictValues_Type, save_dict_view);
  builtin(PyDictItems_Type, save_dict_view);
  builtin(PyODictKeys_Type, save_dict_view);
  builtin(PyODictValues_Type, save_dict_view);
  builtin(PyODictItems_Type, save_dict_view);
  builtin(PyBaseObject_Type, save_sentinel);
  serve(cpython::import_attribute("_weakref", "ref").get(), save_weak_reference);
  serve(cpython::import_attribute("io", "TextIOWrapper").get(), save_text_file);
  serve(imported_.lru_cache_type, save_lru_cache);
  serve(imported_.cached_property, save_cached_property);
}

int Shared::traverse(visitproc visit, void* arg) const {
  for (PyObject* object : owned_) Py_VISIT(object);
  if (int status = policy_.traverse(visit, arg)) return status;
  if (int status = replacements_.traverse(visit, arg)) return status;
  return tracker_.traverse(visit, arg);
}

const ClassName& Shared::name_of_static_type(PyTypeObject* type) {
  auto [entry, is_new] = static_names_.try_emplace(type);
  if (is_new) entry->second = name_of_class(type, imported_.names);
  return entry->second;
}

void Shared::release() {
  recordings_.clear();
  sentinels_.clear();
  static_names_.clear();
  known_globals_.clear();
  reducers_.clear();
  enum_meta_ = nullptr;
  policy_.release();
  replacements_.release();
  tracker_.release();
  late_names_.clear();
  for (PyObject* object : std::exchange(owned_, {})) Py_DECREF(object);
}

GlobalName Shared::known_global(PyObject* object) const {
  auto found = known_globals_.find(object);
  return found == known_globals_.end() ? GlobalName{} : found->second.name;
}

bool Shared::save_known_global(pickling::Pickler& pickler, PyObject* object) const {
  auto found = known_globals_.find(object);
  if (found == known_globals_.end()) return false;
  const KnownGlobal& known = found->second;
  // Data by itself keeps the standard pickler's bytes, which memoizes the names.
  if (pickler.protocol() < 4 || pickler.asks_for_ids() ||
      !pickler.memo().unifies_strings()) {
    pickler.emit_global(object, known.name.module, known.name.qualname);
  } else {
    pickler.emit_fragment(known.fragment);
    pickler.memoize(object);
  }
  return true;
}

PyObject* Shared::own_name(const char* text) {
  owned_.push_back(checked(PyUnicode_InternFromString(text)).release());
  return owned_.back();
}

void Shared::know(const char* module, PyObject* name, PyObject* object) {
  PyObject* module_name = own_name(module);
  owned_.push_back(Py_NewRef(name));
  owned_.push_back(Py_NewRef(object));
  known_globals_.try_emplace(
      object, KnownGlobal{{module_name, name}, encoded_global(module_name, name)});
}

void Shared::know_members_of(const char* module) {
  Ref imported = checked(PyImport_ImportModule(module));
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (PyDict_Next(PyModule_GetDict(imported.get()), &position, &name, &value)) {
    if (!PyType_Check(value)) continue;
    auto type = reinterpret_cast<PyTypeObject*>(value);
    bool plain = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0;
    if (plain && !tells_truthfully(type)) know(module, name, value);
  }
}

// Methods that our own streams call: a dotted name is shorter than getattr(type, name).
void Shared::know_methods() {
  for (const char* full :
       {"type.__new__", "type.__setattr__", "object.__new__", "int.__new__",
        "str.__new__", "property.__new__", "property.__init__", "dict.setdefault",
        "classmethod.__new__", "classmethod.__init__", "staticmethod.__new__",
        "staticmethod.__init__", "memoryview.cast", "BaseException.__new__",
        "Exception.__new__"}) {
    std::string_view name(full);
    std::string owner_name(name.substr(0, name.find('.')));
    Ref owner = cpython::import_attribute("builtins", owner_name.c_str());
    Ref method =
        checked(PyObject_GetAttrString(owner.get(), full + owner_name.size() + 1));
    know("builtins", own_name(full), method.get());
  }
}

// Classes and functions that most of our streams call.
void Shared::know_functions() {
  struct Function {
    const char* module;
    const char* name;
    PyObject* object;
  };
  const Function functions[] = {
      {"zipimport", "_unmarshal_code", imported_.unmarshal_code},
      {"marshal", "loads", imported_.marshal_loads},
      {"builtins", "getattr", imported_.builtin_getattr},
      {"builtins", "__import__", imported_.builtin_import},
      {"builtins", "eval", imported_.builtin_eval},
      {"builtins", "exec", imported_.builtin_exec},
      {"sys", "__dict__.get", imported_.sys_dict_get},
      {"abc", "ABCMeta", imported_.abc_meta},
      {"functools", "_CacheInfo", imported_.cache_info},
      {"abc", "update_abstractmethods", imported_.update_abstractmethods},
      {"_abc", "_abc_register", imported_.abc_register},
  };
  for (const Function& function : functions) {
    know(function.module, own_name(function.name), function.object);
  }
  // Of bases, metaclasses and annotations: their names would be made anew each time.
  for (PyTypeObject* type :
       {&PyBaseObject_Type, &PyType_Type, &PyLong_Type, &PyFloat_Type, &PyBool_Type,
        &PyUnicode_Type, &PyBytes_Type, &PyList_Type, &PyTuple_Type, &PyDict_Type,
        &PySet_Type, &PyFrozenSet_Type}) {
    know("builtins", own_name(type->tp_name), reinterpret_cast<PyObject*>(type));
  }
}

void Shared::serve(PyObject* type, Reducer reducer) {
  owned_.push_back(Py_NewRef(type));
  reducers_.insert_or_assign(reinterpret_cast<PyTypeObject*>(type), reducer);
}

// Modules that are imported make sys.modules larger.
void Shared::notice_new_modules() {
  Py_ssize_t modules = PyDict_GET_SIZE(cpython::loaded_modules());
  if (modules == modules_noticed_) return;
  modules_noticed_ = modules;
  for (std::size_t i = 0; i < std::size(kLateTypes); ++i) {
    LateName& name = late_names_[i];
    if (name.noticed) continue;
    PyObject* module = cpython::loaded_module(name.module);
    if (module == nullptr || !PyModule_Check(module)) continue;
    PyObject* object = checked_lookup(
        PyDict_GetItemWithError(PyModule_GetDict(module), name.attribute));
    if (object == nullptr && is_being_imported(module, imported_.names)) {
      modules_noticed_ = 0;  // it is looked for again
      continue;
    }
    name.noticed = true;
    if (object == nullptr) continue;  // not in this version
    notice(kLateTypes[i].module, name.attribute, kLateTypes[i].reducer, object);
  }
}

void Shared::notice(const char* module, PyObject* name, Reducer reducer,
                    PyObject* object) {
  auto type = reinterpret_cast<PyTypeObject*>(object);
  if (reducer != nullptr) return serve(object, reducer);
  if (PyType_Check(object) && PyType_IsSubtype(type, &PyType_Type)) {
    owned_.push_back(Py_NewRef(object));
    enum_meta_ = type;
    return;
  }
  know(module, name, object);
  if (!PyType_Check(object))
    serve(reinterpret_cast<PyObject*>(Py_TYPE(object)), save_known);
}

}  // namespace cppickle::by_value
