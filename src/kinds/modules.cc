#include "kinds/modules.h"

#include <span>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "parts/submodule_names.h"
#include "pickling/memo.h"
#include "pickling/work_stack.h"
#include "policy/overrides.h"
#include "policy/policy.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::Names;
using cpython::read_module_entry;
using cpython::Ref;
using pickling::CodeScope;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using policy::Overridable;
using policy::Overrides;
using policy::Policy;
using stream::Entry;
using stream::Namespace;
using stream::new_dict;
using stream::save_call;
using stream::StreamState;
using stream::write_builtins_entry;
using stream::write_call;

namespace {

PyObject* name_of(PyObject* module, const Names& names) {
  PyObject* name = read_module_entry(module, names.attr_name);
  return name != nullptr && PyUnicode_Check(name) ? name : nullptr;
}

void save_as_import(Pickler& pickler, PyObject* module, PyObject* name) {
  PyObject* import = pickler.imported().builtin_import;
  Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), 1);
  if (dot < 0) return save_call(pickler, module, import, {name});
  // With a non-empty fromlist __import__ answers the submodule; every module has a
  // __name__.
  cpython::note_made(pickler.imported().from_name);
  save_call(pickler, module, import,
            {name, Py_None, Py_None, pickler.imported().from_name});
}

// A copy of the module's namespace, in which everything travels.
std::vector<Entry> module_entries(PyObject* copy, const Names& names) {
  std::vector<Entry> entries;
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (cpython::own_next(copy, &position, &key, &value)) {
    if (PyUnicode_Check(key) &&
        cpython::is_any_of(
            key, {names.builtins_attribute, names.spec, names.loader, names.cached}))
      continue;
    entries.push_back(
        {key, value, PyUnicode_Check(key) ? Label::kAttribute : Label::kKey, true});
  }
  return entries;
}

void save_by_value(StreamState& state, Pickler& pickler, PyObject* module,
                   PyObject* name) {
  CodeScope code(pickler.memo());
  PyObject* dict = PyModule_GetDict(module);
  cpython::note_read(cpython::Read::kContent, dict);
  Namespace& space = state.namespace_of(dict);
  Ref key = space.module ? Ref::borrow(space.module.get()) : Ref();
  // Functions of the module that come later need not bring their globals.
  space.is_whole = true;
  // A copy: its entries stay borrowed until the script has its own references, and
  // foreign code may change the module meanwhile.
  Ref copy = checked(PyDict_Copy(dict));
  Script script(pickler);
  if (key && pickler.is_memoized(key.get())) {
    // A function of the module came first and brought it along.
    pickler.memo().alias(module, pickler.memo().find(key.get()));
    script.get(module);
  } else {
    write_call(script, reinterpret_cast<PyObject*>(&PyModule_Type), {name});
    script.memoize(module);
  }
  space.module = Ref::borrow(module);
  space.module_name = Ref::borrow(name);
  new_dict(script, module_entries(copy.get(), pickler.names()));
  write_builtins_entry(script, pickler.names());
  script.op(Opcode::BUILD).start(module);
}

}  // namespace

namespace {

bool has_spec(PyObject* module, const Pickler& pickler) {
  PyObject* spec = read_module_entry(module, pickler.names().spec);
  return spec != nullptr && spec != Py_None;
}

}  // namespace

bool save_module_by_reference(StreamState& state, Pickler& pickler, PyObject* module) {
  PyObject* name = name_of(module, pickler.names());
  Policy& policy = state.context().policy();
  if (name == nullptr || policy.is_registered(name)) return false;
  if (policy.is_decided_by_override(module) &&
      !policy.is_importable(pickler, module, {name, name}))
    return false;
  // A module of that name may be another one; an imported module that has put something
  // else in its place has a spec.
  PyObject* found = cpython::read_loaded_module(name);
  bool imported = found == module || (found != nullptr && has_spec(module, pickler));
  if (imported) save_as_import(pickler, module, name);
  return imported;
}

bool save_module(StreamState& state, Pickler& pickler, PyObject* module) {
  const Overrides& overrides = state.context().overrides();
  if (overrides.of(Overridable::kModuleReduce) != nullptr) [[unlikely]] {
    Ref value = overrides.call(Overridable::kModuleReduce, module);
    return pickler.save_reduce_value(module, value.get()), true;
  }
  PyObject* name = name_of(module, pickler.names());
  if (name == nullptr) return false;
  if (!save_module_by_reference(state, pickler, module))
    save_by_value(state, pickler, module, name);
  return true;
}

void write_submodule_imports(StreamState& state, Script& script,
                             const std::vector<Ref>& modules,
                             PyObject* mentioned_names) {
  Pickler& pickler = script.pickler();
  std::span<PyObject* const> mentioned = cpython::own_items(mentioned_names);
  if (mentioned.empty()) return;
  std::vector<Ref> packages;
  for (const Ref& held : modules) {
    PyObject* module = held.get();
    if (read_module_entry(module, pickler.names().path) == nullptr) continue;
    PyObject* name = name_of(module, pickler.names());
    if (name != nullptr) packages.push_back(Ref::borrow(name));
  }
  for (std::size_t next = 0; next < packages.size(); ++next) {
    for (PyObject* part : mentioned) {
      Ref full = parts::submodule_name(packages[next].get(), part);
      if (!parts::is_imported_with_package(state.context().policy(), full.get()))
        continue;
      packages.push_back(Ref::borrow(full.get()));
      if (pickler.memoizing() && !state.imports_first_time(full.get())) continue;
      write_call(script, pickler.imported().builtin_import, {full.get()});
      script.op(Opcode::POP);
    }
  }
}

}  // namespace cppickle::kinds
