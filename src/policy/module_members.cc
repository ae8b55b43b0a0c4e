#include "policy/module_members.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"

namespace cppickle::policy {

using cpython::is_of_standard_library;
using cpython::Ref;

namespace {

std::string_view package_of(PyObject* module) {
  std::string_view text = cpython::compact_ascii(module);
  return text.substr(0, text.find('.'));
}

bool is_plain_name(PyObject* name) {
  return PyUnicode_CheckExact(name) && PyUnicode_IS_COMPACT_ASCII(name);
}

// Names of modules: the topmost first, of equals the one called `home`.
bool stands_above(PyObject* left, PyObject* right, PyObject* home) {
  auto rank = [home](PyObject* module) {
    std::string_view text = cpython::compact_ascii(module);
    bool is_home = home != nullptr && cpython::same_name(module, home);
    return std::tuple(std::ranges::count(text, '.'), !is_home, text);
  };
  return rank(left) < rank(right);
}

// The instance of a bound method, or null.
PyObject* self_of(PyObject* method) {
  if (PyMethod_Check(method)) return PyMethod_GET_SELF(method);
  return PyCFunction_Check(method) ? PyCFunction_GET_SELF(method) : nullptr;
}

// The module that made the class of a method's instance, by its name; or null.
PyObject* home_of(PyObject* method, const cpython::Names& names) {
  PyObject* self = self_of(method);
  if (self == nullptr) return nullptr;
  PyObject* home = nullptr;
  for (PyObject* cls : cpython::own_items(Py_TYPE(self)->tp_mro)) {
    auto type = reinterpret_cast<PyTypeObject*>(cls);
    home = cpython::own_entry(cpython::type_dict(type), names.attr_module);
    if (home != nullptr) break;
  }
  return home != nullptr && is_plain_name(home) ? home : nullptr;
}

}  // namespace

ModuleMembers::ModuleMembers(const cpython::Imported& imported, const Policy& policy)
    : imported_(imported),
      policy_(policy),
      types_{&PyBaseObject_Type, &PyMethod_Type, &PyCFunction_Type, &PyCMethod_Type} {}

void ModuleMembers::clear() {
  holders_.clear();
  others_.clear();
}

// Modules that are imported make sys.modules larger; one that is loaded again has other
// objects.
const std::vector<ModuleMembers::Holder>* ModuleMembers::holders_of(PyObject* object,
                                                                    Kind kind,
                                                                    bool& may_read) {
  bool is_current = modules_ == PyDict_GET_SIZE(cpython::loaded_modules());
  auto found = holders_.find(object);
  if (is_current && found != holders_.end()) return &found->second;
  // Most methods are made when they are asked for, and no module's: for those the
  // modules are not read again.
  if (is_current && kind == Kind::kMethod) return read_home(object);
  if (is_current && others_.contains(object)) return nullptr;
  bool is_new_type = types_.insert(Py_TYPE(object)).second;
  if (!may_read && !is_new_type) return nullptr;
  may_read = false;
  read_modules();
  found = holders_.find(object);
  if (found != holders_.end()) return &found->second;
  if (kind != Kind::kSentinel) return nullptr;
  if (others_.size() >= kMostOthers) others_.clear();
  others_.emplace(object, Ref::borrow(object));
  return nullptr;
}

// The module of the method's class may be another one since, or have been loaded again,
// which makes no more modules.
const std::vector<ModuleMembers::Holder>* ModuleMembers::read_home(PyObject* method) {
  PyObject* home = home_of(method, imported_.names);
  PyObject* module = home != nullptr ? cpython::loaded_module(home) : nullptr;
  if (module == nullptr || !PyModule_Check(module) || is_for_itself(home))
    return nullptr;
  Py_ssize_t next_entry = 0;
  PyObject *name, *value;
  while (PyDict_Next(PyModule_GetDict(module), &next_entry, &name, &value)) {
    if (value != method || !is_plain_name(name)) continue;
    std::vector<Holder>& holders = holders_[method];
    holders.push_back({Ref::borrow(home), Ref::borrow(name)});
    return &holders;
  }
  return nullptr;
}

// Modules whose names lead elsewhere on the other side.  The interactive interpreter
// leaves in builtins what it has shown last.
bool ModuleMembers::is_for_itself(PyObject* module_name) const {
  return policy_.is_of_this_process(module_name) ||
         cpython::is_any_of(module_name, {imported_.names.builtins_name});
}

bool ModuleMembers::is_indexed(PyObject* value) const {
  if (!types_.contains(Py_TYPE(value))) return false;
  if (!PyCFunction_Check(value)) return true;
  // A function of a module knows its name.
  PyObject* self = PyCFunction_GET_SELF(value);
  return self != nullptr && !PyModule_Check(self) && !PyType_Check(self);
}

void ModuleMembers::read_modules() {
  modules_ = PyDict_GET_SIZE(cpython::loaded_modules());
  holders_.clear();
  Py_ssize_t next_module = 0;
  PyObject *module_name, *module;
  while (PyDict_Next(cpython::loaded_modules(), &next_module, &module_name, &module)) {
    if (!is_plain_name(module_name) || !PyModule_Check(module) ||
        is_for_itself(module_name))
      continue;
    Py_ssize_t next_entry = 0;
    PyObject *name, *value;
    while (PyDict_Next(PyModule_GetDict(module), &next_entry, &name, &value)) {
      if (!is_indexed(value) || !is_plain_name(name)) continue;
      holders_[value].push_back({Ref::borrow(module_name), Ref::borrow(name)});
    }
  }
}

bool ModuleMembers::is_held_by_package(PyObject* package_member,
                                       PyObject* object) const {
  Py_ssize_t next_module = 0;
  PyObject *module_name, *module;
  while (PyDict_Next(cpython::loaded_modules(), &next_module, &module_name, &module)) {
    if (!is_plain_name(module_name) || !PyModule_Check(module) ||
        package_of(module_name) != package_of(package_member))
      continue;
    Py_ssize_t next_entry = 0;
    PyObject *name, *value;
    while (PyDict_Next(PyModule_GetDict(module), &next_entry, &name, &value)) {
      if (value == object) return true;
    }
  }
  return false;
}

// True when the module that holds a method may have made its instance.
bool ModuleMembers::may_be_home(const Holder& holder, PyObject* home,
                                PyObject* self) const {
  PyObject* module = holder.module.get();
  if (home != nullptr && (package_of(home) == package_of(module) ||
                          (is_of_standard_library(imported_, home) &&
                           is_of_standard_library(imported_, module))))
    return true;
  return self != nullptr && is_held_by_package(module, self);
}

GlobalName ModuleMembers::name_of(PyObject* object, Kind kind, bool& may_read) {
  const std::vector<Holder>* holders = holders_of(object, kind, may_read);
  if (holders == nullptr) return {};
  PyObject* home = kind == Kind::kMethod ? home_of(object, imported_.names) : nullptr;
  const Holder* chosen = nullptr;
  bool standard = false, same_package = true;
  for (const Holder& holder : *holders) {
    GlobalName name{holder.module.get(), holder.name.get()};
    if (!policy_.is_importable_without_calls(object, name)) continue;
    if (kind == Kind::kMethod && !may_be_home(holder, home, self_of(object))) continue;
    bool is_standard = is_of_standard_library(imported_, name.module);
    if (chosen == nullptr || is_standard > standard) {
      chosen = &holder;
      standard = is_standard;
      same_package = true;
    } else if (is_standard == standard) {
      PyObject* best = chosen->module.get();
      same_package = same_package && package_of(best) == package_of(name.module);
      if (stands_above(name.module, best, home)) chosen = &holder;
    }
  }
  if (chosen == nullptr || (kind == Kind::kSentinel && !same_package)) return {};
  return {chosen->module.get(), chosen->name.get()};
}

}  // namespace cppickle::policy
