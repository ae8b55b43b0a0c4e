// Plain data, functions and modules.
#include "caching/cache_key_builder.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "parts/annotation_names.h"
#include "parts/submodule_names.h"
#include "stream/known_namespaces.h"

namespace cppickle::caching {

using bytecode::CodeInfo;
using cpython::own_items;
using cpython::read_cell;
using cpython::read_entry;
using cpython::read_field;
using cpython::read_items;
using cpython::read_next;
using cpython::read_size;
using cpython::Ref;
using policy::GlobalName;
using policy::Policy;
using stream::is_home_namespace;
using stream::Namespaces;
using stream::StreamState;

bool build_cache_key(CacheKey& cache_key, ClassCache& classes, StreamState& state,
                     pickling::Pickler& pickler, PyObject* root) {
  cache_key.clear();
  state.context().submodule_names().trim();
  return CacheKeyBuilder(cache_key, classes, state, pickler).add_root(root) &&
         !cache_key.words.is_full();
}

// In a shared namespace the stream names the sender's process.
bool CacheKeyBuilder::add_root(PyObject* root) {
  if (state_.options().namespaces == Namespaces::kShared)
    word(Tag::kShared, static_cast<std::uint64_t>(getpid()));
  return add(root);
}

bool CacheKeyBuilder::add_object(PyObject* object) {
  if (const CacheKey::Number* number = out_.number_or_new(object)) {
    word(Tag::kBackReference, *number);
    return true;
  }
  // The walk recurses on the C stack, so its depth has a bound.  What lies deeper is
  // written by the reducers, which need none.
  if (++depth_ > kDeepest) return false;
  bool complete = add_visited(object);
  --depth_;
  return complete;
}

bool CacheKeyBuilder::add_int(PyObject* number) {
  int overflow = 0;
  long long value;
  if (std::int32_t small; cpython::small_int(number, small)) [[likely]] {
    value = small;
  } else {
    value = PyLong_AsLongLongAndOverflow(number, &overflow);
  }
  word(Tag::kInt);
  out_.words.push_back(static_cast<std::uint64_t>(value));
  return overflow == 0;
}

bool CacheKeyBuilder::add_visited(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyFunction_Type) return add_function(object);
  if (PyType_Check(object)) return add_class(object);
  if (type == &PyTuple_Type || type == &PyList_Type) return add_sequence(object);
  if (type == &PyDict_Type) return add_dict(object);
  if (type == &PyUnicode_Type || type == &PyBytes_Type) return text(object);
  if (type == &PySet_Type || type == &PyFrozenSet_Type) return add_set(object);
  return add_other(object);
}

bool CacheKeyBuilder::add_sequence(PyObject* object) {
  kind(object);
  std::span<PyObject* const> items = read_items(object);
  word(Tag::kSequence, items.size());
  for (PyObject* item : items) {
    if (!add(item)) return false;
  }
  return true;
}

bool CacheKeyBuilder::add_dict(PyObject* dict) {
  kind(dict);
  word(Tag::kSequence, read_size(dict));
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (read_next(dict, &position, &key, &value)) {
    if (!add(key) || !add(value)) return false;
  }
  return true;
}

// The __dict__ of an instance.
bool CacheKeyBuilder::add_attributes(PyObject* object) {
  Ref dict = cpython::read_instance_dict(object);
  if (!dict || !PyDict_CheckExact(dict.get())) return false;
  if (const CacheKey::Number* number = out_.number_or_new(dict.get())) {
    word(Tag::kBackReference, *number);
    return true;
  }
  word(Tag::kSequence, read_size(dict.get()));
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (read_next(dict.get(), &position, &name, &value)) {
    // Entries of these names are asked how the object is reduced.
    bool is_asked =
        PyUnicode_CheckExact(name) && (cpython::same_name(name, names_.reduce_ex) ||
                                       cpython::same_name(name, names_.getstate));
    if (is_asked || !add(name) || !add(value)) return false;
  }
  return true;
}

// In the order of iteration: streams have an order of the items' content, which equal
// items in an equal order give too.
bool CacheKeyBuilder::add_set(PyObject* set) {
  kind(set);
  word(Tag::kSequence, cpython::read_set_size(set));
  Py_ssize_t position = 0;
  PyObject* item;
  while (cpython::set_next(set, &position, &item)) {
    if (!add(item)) return false;
  }
  return true;
}

// --- Functions --------------------------------------------------------------

bool CacheKeyBuilder::add_verdict(PyObject* object, const GlobalName& name,
                                  bool& by_reference) {
  using Verdict = Policy::Verdict;
  Verdict verdict = context_.policy().verdict_without_calls(object, name);
  by_reference = verdict == Verdict::kByReference;
  if (verdict == Verdict::kUnknown) return false;
  word(Tag::kGlobal, by_reference);
  return !by_reference || (text(name.module) && text(name.qualname));
}

bool CacheKeyBuilder::add_function(PyObject* object) {
  bool by_reference;
  if (!add_verdict(object, policy::name_of_function(object), by_reference))
    return false;
  return by_reference || add_function_parts(object);
}

bool CacheKeyBuilder::add_function_parts(PyObject* function) {
  PyObject* code = read_field<&PyFunctionObject::func_code>(function);
  PyObject* globals = read_field<&PyFunctionObject::func_globals>(function);
  const CodeInfo* info = context_.cached_code_info(code);
  if (info == nullptr) return false;
  word(Tag::kFunction);
  PyObject* dict = read_field<&PyFunctionObject::func_dict>(function);
  if (dict != nullptr && read_size(dict) == 0) dict = nullptr;
  PyObject* annotate = cpython::read_annotate(function);
  if (annotate == Py_None) annotate = nullptr;
  PyObject* annotations =
      annotate == nullptr ? cpython::read_annotations(function) : nullptr;
  // Which of them is null counts, too.
  for (PyObject* part : {read_field<&PyFunctionObject::func_name>(function),
                         read_field<&PyFunctionObject::func_qualname>(function),
                         read_field<&PyFunctionObject::func_module>(function),
                         read_field<&PyFunctionObject::func_doc>(function)}) {
    if (!add_text_of_code(part)) return false;
  }
  for (PyObject* part : {code, read_field<&PyFunctionObject::func_defaults>(function),
                         read_field<&PyFunctionObject::func_kwdefaults>(function), dict,
                         annotate, annotations, cpython::read_type_params(function)}) {
    if (!add_or_absent(part)) return false;
  }
  std::optional<parts::UsedNames> used;
  if (annotate != nullptr || annotations != nullptr)
    used = context_.annotation_names().of(function, globals, info->global_names.get());
  Mentions mentions{info->mentioned_names.get(), used && !used->attributes.empty()};
  if (!add_namespace(globals) || !add_closure(function, mentions)) return false;
  auto add_global = [&](PyObject* name) {
    PyObject* value = read_entry(globals, name);
    return add_or_absent(value) && add_submodules(value, mentions);
  };
  for (PyObject* name : own_items(info->global_names.get())) {
    if (!add_global(name)) return false;
  }
  if (!used) return true;
  return std::ranges::all_of(used->globals,
                             [&](const Ref& name) { return add_global(name.get()); });
}

// A package is described already; here, which of its submodules are imported with it.
bool CacheKeyBuilder::add_submodules(PyObject* value, const Mentions& mentions) {
  if (value == nullptr || !PyModule_Check(value) ||
      (own_items(mentions.names).empty() && !mentions.in_annotations))
    return true;
  bool is_package = cpython::read_module_entry(value, names_.path) != nullptr;
  word(Tag::kSubmodule, is_package);
  if (!is_package) return true;
  PyObject* name = cpython::read_module_entry(value, names_.attr_name);
  if (mentions.in_annotations || name == nullptr || !PyUnicode_CheckExact(name))
    return false;
  add_loaded_submodules(name, mentions.names);
  return true;
}

void CacheKeyBuilder::add_loaded_submodules(PyObject* package,
                                            PyObject* mentioned_names) {
  for (const Ref& full : context_.submodule_names().of(package, mentioned_names)) {
    if (!parts::is_imported_with_package(context_.policy(), full.get())) continue;
    word(Tag::kSubmodule);
    text(full.get());
    if (out_.words.is_full()) return;
    add_loaded_submodules(full.get(), mentioned_names);
  }
}

bool CacheKeyBuilder::add_closure(PyObject* function, const Mentions& mentions) {
  PyObject* closure = read_field<&PyFunctionObject::func_closure>(function);
  if (closure == nullptr) return true;
  Ref variables =
      cpython::code_free_variables(read_field<&PyFunctionObject::func_code>(function));
  std::span<PyObject* const> names = own_items(variables.get());
  std::span<PyObject* const> cells = read_items(closure);
  if (cells.size() != names.size()) return false;
  word(Tag::kSequence, cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!PyCell_Check(cells[i]) || !add_submodules(read_cell(cells[i]), mentions) ||
        !add_cell(cells[i], names[i]))
      return false;
  }
  return true;
}

bool CacheKeyBuilder::add_cell(PyObject* cell, PyObject* variable) {
  if (const CacheKey::Number* number = out_.number_or_new(cell)) {
    word(Tag::kBackReference, *number);
    return true;
  }
  kind(cell);
  PyObject* value = read_cell(cell);
  if (value == nullptr ||
      (!PyDict_CheckExact(value) && Py_TYPE(value) != &PyDictProxy_Type))
    return add_or_absent(value);
  // The namespace of a class that is being written, or of an orphaned one.
  PyObject* mapping =
      Py_TYPE(value) == &PyDictProxy_Type ? cpython::read_proxied(value) : value;
  for (std::size_t i = 0; i < out_.objects.size(); ++i) {
    PyObject* owner = out_.objects[i];
    if (PyType_Check(owner) &&
        cpython::own_class_dict(reinterpret_cast<PyTypeObject*>(owner)) == mapping) {
      word(Tag::kClassNamespace, i);
      return true;
    }
  }
  bool of_class = variable == nullptr ||
                  PyUnicode_CompareWithASCIIString(variable, "__classdict__") == 0;
  return !of_class && add(value);
}

bool CacheKeyBuilder::add_namespace(PyObject* globals) {
  auto known = out_.namespaces.items();
  auto found = std::ranges::find(known, globals);
  word(Tag::kNamespace, static_cast<std::uint64_t>(found - known.begin()));
  if (found != known.end()) return true;
  out_.namespaces.push_back(globals);
  const stream::NamespaceFacts& facts = context_.facts_of_namespace(globals);
  if (facts.is_dynamic) return false;
  if (state_.options().namespaces == Namespaces::kShared)
    word(Tag::kShared, is_home_namespace(globals, names_));
  for (PyObject* value : facts.base) {
    if (!add_text_of_code(value)) return false;
  }
  return true;
}

// By its blob, which holds all of it.
bool CacheKeyBuilder::add_code(PyObject* code) {
  const CodeInfo* info = context_.cached_code_info(cpython::read_code(code));
  return info != nullptr && info->has_blob() && text(info->pyc.get());
}

bool CacheKeyBuilder::add_module(PyObject* module) {
  PyObject* name = cpython::read_module_entry(module, names_.attr_name);
  if (name == nullptr || !PyUnicode_CheckExact(name) ||
      cpython::read_loaded_module(name) != module ||
      context_.policy().is_registered(name))
    return false;
  word(Tag::kModule);
  return text(name);
}

}  // namespace cppickle::caching
