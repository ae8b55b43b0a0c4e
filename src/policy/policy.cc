#include "policy/policy.h"

#include <utility>

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "policy/handmade_modules.h"

namespace cppickle::policy {

using cpython::checked;
using cpython::checked_status;
using cpython::loaded_module;
using cpython::Ref;

namespace {

constexpr std::size_t kMostNames = 1024;  // dotted names that are kept

// What an attribute is found to be without running anyone's code.
struct PlainAttribute {
  PyObject* found;  // borrowed; null: not this way
  bool absent;      // no other way either
};

PlainAttribute plain_attribute(PyObject* owner, PyObject* name,
                               const cpython::Names& names) {
  if (PyModule_CheckExact(owner)) {
    PyObject* dict = PyModule_GetDict(owner);
    PyObject* found = cpython::dict_entry(dict, name);
    if (found != nullptr) return {found, false};
    return {nullptr, cpython::dict_entry(dict, names.getattr) == nullptr};
  }
  if (!PyType_Check(owner)) return {nullptr, false};
  PyObject* found = cpython::type_lookup(reinterpret_cast<PyTypeObject*>(owner), name);
  if (found == nullptr) return {nullptr, Py_TYPE(owner) == &PyType_Type};
  if (Py_TYPE(found) == &PyStaticMethod_Type)
    found = cpython::lookup_attribute(found, names.attr_func).get();  // held by it
  bool itself = PyFunction_Check(found) || PyType_Check(found);
  return {itself ? found : nullptr, false};
}

bool has_dot(PyObject* name) {
  if (PyUnicode_IS_COMPACT_ASCII(name))
    return cpython::compact_ascii(name).find('.') != std::string_view::npos;
  return PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), 1) >= 0;
}

PyObject* name_of_module(PyObject* module) {
  if (!PyModule_Check(module)) {
    cpython::raise_format(PyExc_ValueError,
                          "Input should be a module object, got %S instead", module);
  }
  PyObject* name = cpython::dict_entry(PyModule_GetDict(module), "__name__");
  if (name == nullptr || !PyUnicode_Check(name))
    cpython::raise(PyExc_ValueError, "the module has no name");
  return name;
}

}  // namespace

GlobalName name_of_function(PyObject* function) {
  return {cpython::read_field<&PyFunctionObject::func_module>(function),
          cpython::read_field<&PyFunctionObject::func_qualname>(function)};
}

void Policy::load() { registry_ = checked(PySet_New(nullptr)).release(); }

int Policy::traverse(visitproc visit, void* arg) const {
  Py_VISIT(registry_);
  return 0;
}

void Policy::release() {
  parts_.clear();
  Py_CLEAR(registry_);
}

void Policy::add(PyObject* module) {
  PyObject* name = name_of_module(module);
  if (loaded_module(name) == nullptr) {
    cpython::raise_format(PyExc_ValueError,
                          "%R was not imported correctly, have you used an `import` "
                          "statement to access it?",
                          module);
  }
  checked_status(PySet_Add(registry_, name));
}

void Policy::remove(PyObject* module) {
  int found = checked_status(PySet_Discard(registry_, name_of_module(module)));
  if (!found)
    cpython::raise_format(PyExc_ValueError, "%R is not registered for pickle by value",
                          module);
}

Ref Policy::registry_copy() const { return checked(PySet_New(registry_)); }

void Policy::use_registry(PyObject* names) {
  if (!PySet_Check(names)) {
    cpython::raise_format(PyExc_TypeError,
                          "the registry of modules must be a set, not %.200s",
                          Py_TYPE(names)->tp_name);
  }
  // Dropped when the new one is in place: that may run foreign code, which may ask.
  Ref old = Ref::steal(std::exchange(registry_, Py_NewRef(names)));
}

bool Policy::is_registered(PyObject* module_name) const {
  if (overrides_.of(Overridable::kIsRegistered) != nullptr) [[unlikely]] {
    if (PyObject* module = loaded_module(module_name))
      return overrides_.is_true(Overridable::kIsRegistered, Ref::borrow(module).get());
  }
  return is_in_registry(module_name);
}

bool Policy::is_in_registry(PyObject* module_name) const {
  cpython::note_read(cpython::Read::kEntry, registry_, module_name);
  if (PySet_GET_SIZE(registry_) == 0) return false;
  // Anyone may add to the set, and a name may be of a subclass of str: texts are
  // compared, which asks nobody.
  Ref name = Ref::borrow(module_name);
  for (;;) {
    if (cpython::set_has_text(registry_, name.get())) return true;
    Py_ssize_t dot =
        PyUnicode_FindChar(name.get(), '.', 0, PyUnicode_GET_LENGTH(name.get()), -1);
    if (dot < 0) return false;
    name = checked(PyUnicode_Substring(name.get(), 0, dot));
  }
}

// __mp_main__ is what multiprocessing's children call the main module: nobody else can
// import it.
bool Policy::is_main(PyObject* module_name) const {
  const cpython::Names& names = imported_.names;
  return cpython::is_any_of(module_name, {names.main, names.mp_main});
}

bool Policy::is_of_this_process(PyObject* module_name) const {
  if (is_main(module_name)) return true;
  PyObject* module = cpython::read_loaded_module(module_name);
  return module != nullptr && is_handmade(module, module_name);
}

bool Policy::is_handmade(PyObject* module, PyObject* module_name) const {
  if (!PyModule_Check(module)) return false;
  std::uint64_t version = cpython::dict_version(PyModule_GetDict(module));
  std::uint64_t& loaded = loaded_[version % loaded_.size()];
  // Builds that log reads make all of them.
  if (!cpython::kLogsReads && version != 0 && loaded == version) return false;
  if (!has_origin(module, imported_.names))
    return is_handmade_module(module, module_name, imported_.names);
  loaded = version;
  return false;
}

// The parts of a dotted name, and at the end the name itself, which the table holds.
const std::vector<Ref>& Policy::parts_of(PyObject* qualname) const {
  if (auto known = parts_.find(qualname); known != parts_.end()) return known->second;
  // Classes come and go; without a bound the names of all of them would stay.
  if (parts_.size() >= kMostNames) parts_.clear();
  Ref dot = checked(PyUnicode_FromString("."));
  Ref list = checked(PyUnicode_Split(qualname, dot.get(), -1));
  std::vector<Ref> parts;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.get()); ++i) {
    PyObject* part = Py_NewRef(PyList_GET_ITEM(list.get(), i));
    PyUnicode_InternInPlace(&part);
    parts.push_back(Ref::steal(part));
  }
  parts.push_back(Ref::borrow(qualname));
  return parts_.emplace(qualname, std::move(parts)).first->second;
}

Policy::Verdict Policy::verdict_without_calls(PyObject* object,
                                              const GlobalName& name) const {
  cpython::note_read(cpython::Read::kVerdict, object);
  if (name.module == nullptr || !PyUnicode_Check(name.module)) return Verdict::kByValue;
  // A subclass of str may hash and compare in its own way.
  if (!PyUnicode_CheckExact(name.module) || !PyUnicode_CheckExact(name.qualname))
    return Verdict::kUnknown;
  if (is_main(name.module)) return Verdict::kByValue;
  PyObject* found = cpython::read_loaded_module(name.module);
  if (found == nullptr || is_in_registry(name.module)) return Verdict::kByValue;
  // What is made in C there (Cython's own types) can travel in no other way.
  if (is_handmade(found, name.module) &&
      (!PyType_Check(object) ||
       cpython::is_python_class(reinterpret_cast<PyTypeObject*>(object))))
    return Verdict::kByValue;
  auto take = [&](PyObject* part) {
    if (cpython::same_name(part, imported_.names.locals)) return Verdict::kByValue;
    PlainAttribute plain = plain_attribute(found, part, imported_.names);
    found = plain.found;
    if (found != nullptr) return Verdict::kByReference;
    return plain.absent ? Verdict::kByValue : Verdict::kUnknown;
  };
  Verdict verdict = Verdict::kByReference;
  if (!has_dot(name.qualname)) {
    verdict = take(name.qualname);
  } else {
    const std::vector<Ref>& parts = parts_of(name.qualname);
    for (std::size_t i = 0; i + 1 < parts.size() && verdict == Verdict::kByReference;
         ++i)
      verdict = take(parts[i].get());
  }
  if (verdict != Verdict::kByReference) return verdict;
  return found == object ? Verdict::kByReference : Verdict::kByValue;
}

bool Policy::is_found_by_import(pickling::Pickler& pickler, PyObject* object,
                                const GlobalName& name) const {
  if (overrides_.of(Overridable::kIsRegistered) == nullptr) [[likely]] {
    Verdict verdict = verdict_without_calls(object, name);
    if (verdict != Verdict::kUnknown) return verdict == Verdict::kByReference;
  }
  return is_found_by_getattr(pickler, object, name);
}

// The same with foreign code: __getattr__ of modules, metaclasses, overrides.
bool Policy::is_found_by_getattr(pickling::Pickler& pickler, PyObject* object,
                                 const GlobalName& name) const {
  if (name.module == nullptr || !PyUnicode_Check(name.module) ||
      is_of_this_process(name.module))
    return false;
  Ref found = Ref::borrow(cpython::read_loaded_module(name.module));
  if (!found || is_registered(name.module)) return false;
  pickler.before_foreign_code();
  // Looked up again each time: foreign code may have other names taken apart.
  Ref qualname = Ref::borrow(name.qualname);
  std::size_t count = parts_of(qualname.get()).size() - 1;
  for (std::size_t i = 0; found && i < count; ++i) {
    Ref part = Ref::borrow(parts_of(qualname.get())[i].get());
    if (cpython::same_name(part.get(), imported_.names.locals)) return false;
    found = cpython::lookup_attribute(found.get(), part.get());
  }
  return found.get() == object;
}

}  // namespace cppickle::policy
