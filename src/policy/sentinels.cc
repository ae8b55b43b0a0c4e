#include "policy/sentinels.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::policy {

using cpython::Ref;

namespace {

std::string_view package_of(PyObject* module) {
  std::string_view text = cpython::compact_ascii(module);
  return text.substr(0, text.find('.'));
}

// Names of modules: the topmost first.
bool stands_above(PyObject* left, PyObject* right) {
  auto rank = [](PyObject* module) {
    std::string_view text = cpython::compact_ascii(module);
    return std::pair(std::ranges::count(text, '.'), text);
  };
  return rank(left) < rank(right);
}

bool is_plain_name(PyObject* name) {
  return PyUnicode_CheckExact(name) && PyUnicode_IS_COMPACT_ASCII(name);
}

}  // namespace

void Sentinels::clear() {
  holders_.clear();
  others_.clear();
}

// Modules that are imported make sys.modules larger; one that is loaded again has other
// objects.
const std::vector<Sentinels::Holder>* Sentinels::holders_of(PyObject* object,
                                                            bool& may_read) {
  bool is_current = modules_ == PyDict_GET_SIZE(cpython::loaded_modules());
  auto found = holders_.find(object);
  if (is_current && found != holders_.end()) return &found->second;
  if ((is_current && others_.contains(object)) || !may_read) return nullptr;
  may_read = false;
  read_modules();
  found = holders_.find(object);
  if (found != holders_.end()) return &found->second;
  if (others_.size() >= kMostOthers) others_.clear();
  others_.emplace(object, Ref::borrow(object));
  return nullptr;
}

void Sentinels::read_modules() {
  modules_ = PyDict_GET_SIZE(cpython::loaded_modules());
  holders_.clear();
  Py_ssize_t next_module = 0;
  PyObject *module_name, *module;
  while (PyDict_Next(cpython::loaded_modules(), &next_module, &module_name, &module)) {
    if (!is_plain_name(module_name) || !PyModule_Check(module)) continue;
    Py_ssize_t next_entry = 0;
    PyObject *name, *value;
    while (PyDict_Next(PyModule_GetDict(module), &next_entry, &name, &value)) {
      if (Py_TYPE(value) != &PyBaseObject_Type || !is_plain_name(name)) continue;
      holders_[value].push_back({Ref::borrow(module_name), Ref::borrow(name)});
    }
  }
}

bool Sentinels::is_of_standard_library(const Holder& holder) const {
  auto size = static_cast<Py_ssize_t>(package_of(holder.module.get()).size());
  Ref package = cpython::checked(PyUnicode_Substring(holder.module.get(), 0, size));
  return cpython::checked_status(
             PySet_Contains(imported_.stdlib_modules, package.get())) != 0;
}

GlobalName Sentinels::name_of(PyObject* object, bool& may_read) {
  const std::vector<Holder>* holders = holders_of(object, may_read);
  if (holders == nullptr) return {};
  const Holder* chosen = nullptr;
  bool standard = false, same_package = true;
  for (const Holder& holder : *holders) {
    GlobalName name{holder.module.get(), holder.name.get()};
    if (!policy_.is_importable_without_calls(object, name)) continue;
    bool is_standard = is_of_standard_library(holder);
    if (chosen == nullptr || is_standard > standard) {
      chosen = &holder;
      standard = is_standard;
      same_package = true;
    } else if (is_standard == standard) {
      PyObject* best = chosen->module.get();
      same_package = same_package && package_of(best) == package_of(name.module);
      if (stands_above(name.module, best)) chosen = &holder;
    }
  }
  if (chosen == nullptr || !same_package) return {};
  return {chosen->module.get(), chosen->name.get()};
}

}  // namespace cppickle::policy
