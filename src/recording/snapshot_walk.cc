// Plain data, functions and modules.
#include "recording/snapshot_walk.h"

#include <algorithm>

#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::recording {

using bytecode::CodeInfo;
using cpython::checked_lookup;
using cpython::Ref;
using policy::GlobalName;
using policy::Policy;
using stream::is_dynamic_namespace;
using stream::StreamState;

bool take_snapshot(Snapshot& snapshot, ClassSlots& classes, StreamState& reducers,
                   pickling::Pickler& pickler, PyObject* root) {
  snapshot.clear();
  return SnapshotWalk(snapshot, classes, reducers, pickler).add(root) &&
         !snapshot.words.is_full();
}

bool SnapshotWalk::add_object(PyObject* object) {
  if (const Snapshot::Number* number = out_.number_or_new(object)) {
    word(Tag::kAgain, *number);
    return true;
  }
  if (++depth_ > kDeepest) return false;
  bool told = add_visited(object);
  --depth_;
  return told;
}

bool SnapshotWalk::add_int(PyObject* number) {
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

bool SnapshotWalk::add_visited(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyFunction_Type) return add_function(object);
  if (PyType_Check(object)) return add_class(object);
  if (type == &PyTuple_Type || type == &PyList_Type) return add_sequence(object);
  if (type == &PyDict_Type) return add_dict(object);
  if (type == &PyUnicode_Type || type == &PyBytes_Type) return text(object);
  if (type == &PySet_Type || type == &PyFrozenSet_Type) return add_set(object);
  return add_other(object);
}

bool SnapshotWalk::add_sequence(PyObject* object) {
  kind(object);
  Py_ssize_t size = PySequence_Fast_GET_SIZE(object);
  word(Tag::kSequence, static_cast<std::uint64_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) {
    if (!add(PySequence_Fast_GET_ITEM(object, i))) return false;
  }
  return true;
}

bool SnapshotWalk::add_dict(PyObject* dict) {
  kind(dict);
  word(Tag::kSequence, static_cast<std::uint64_t>(PyDict_GET_SIZE(dict)));
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &position, &key, &value)) {
    if (!add(key) || !add(value)) return false;
  }
  return true;
}

// The __dict__ of an instance.
bool SnapshotWalk::add_attributes(PyObject* object) {
  Ref dict = cpython::instance_dict(object);
  if (!dict || !PyDict_CheckExact(dict.get())) return false;
  if (const Snapshot::Number* number = out_.number_or_new(dict.get())) {
    word(Tag::kAgain, *number);
    return true;
  }
  word(Tag::kSequence, static_cast<std::uint64_t>(PyDict_GET_SIZE(dict.get())));
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (PyDict_Next(dict.get(), &position, &name, &value)) {
    // Entries of these names are asked how the object is reduced.
    bool is_asked =
        PyUnicode_CheckExact(name) && (cpython::same_name(name, names_.reduce_ex) ||
                                       cpython::same_name(name, names_.getstate));
    if (is_asked || !add(name) || !add(value)) return false;
  }
  return true;
}

// In the order of iteration, in which they are written.
bool SnapshotWalk::add_set(PyObject* set) {
  kind(set);
  word(Tag::kSequence, static_cast<std::uint64_t>(PySet_GET_SIZE(set)));
  Py_ssize_t position = 0;
  PyObject* item;
  while (cpython::set_next(set, &position, &item)) {
    if (!add(item)) return false;
  }
  return true;
}

// --- Functions --------------------------------------------------------------

bool SnapshotWalk::add_verdict(PyObject* object, const GlobalName& name,
                               bool& by_reference) {
  using Verdict = Policy::Verdict;
  Verdict verdict = shared_.policy().plain_verdict(object, name);
  by_reference = verdict == Verdict::kByReference;
  if (verdict == Verdict::kUnknown) return false;
  word(Tag::kGlobal, by_reference);
  return !by_reference || (text(name.module) && text(name.qualname));
}

bool SnapshotWalk::add_function(PyObject* object) {
  auto function = reinterpret_cast<PyFunctionObject*>(object);
  bool by_reference;
  if (!add_verdict(object, {function->func_module, function->func_qualname},
                   by_reference))
    return false;
  return by_reference || add_function_parts(function);
}

bool SnapshotWalk::add_function_parts(PyFunctionObject* function) {
  auto object = reinterpret_cast<PyObject*>(function);
  const CodeInfo* info = shared_.known_code_info(function->func_code);
  if (info == nullptr) return false;
  word(Tag::kFunction);
  PyObject* dict = function->func_dict;
  if (dict != nullptr && PyDict_GET_SIZE(dict) == 0) dict = nullptr;
  PyObject* annotate = cpython::function_annotate(object);
  if (annotate == Py_None) annotate = nullptr;
  PyObject* annotations =
      annotate == nullptr ? cpython::function_annotations(object) : nullptr;
  // In the order of the struct; which of them is null is told, too.
  for (PyObject* part :
       {function->func_code, function->func_name, function->func_qualname,
        function->func_module, function->func_doc, function->func_defaults,
        function->func_kwdefaults, dict, annotate, annotations,
        cpython::function_type_params(object)}) {
    if (!add_or_absent(part)) return false;
  }
  if (!add_namespace(function->func_globals) || !add_closure(function)) return false;
  PyObject* global_names = info->global_names.get();
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(global_names); ++i) {
    PyObject* value = checked_lookup(PyDict_GetItemWithError(
        function->func_globals, PyTuple_GET_ITEM(global_names, i)));
    if (!add_or_absent(value) || !needs_no_submodules(value, *info)) return false;
  }
  return true;
}

bool SnapshotWalk::needs_no_submodules(PyObject* module, const CodeInfo& info) const {
  if (module == nullptr || !PyModule_Check(module) ||
      PyTuple_GET_SIZE(info.mentioned_names.get()) == 0)
    return true;
  return checked_lookup(
             PyDict_GetItemWithError(PyModule_GetDict(module), names_.path)) == nullptr;
}

bool SnapshotWalk::add_closure(PyFunctionObject* function) {
  PyObject* closure = function->func_closure;
  if (closure == nullptr) return true;
  const CodeInfo* info = shared_.known_code_info(function->func_code);
  Ref variables = cpython::code_free_variables(function->func_code);
  if (PyTuple_GET_SIZE(closure) != PyTuple_GET_SIZE(variables.get())) return false;
  word(Tag::kSequence, static_cast<std::uint64_t>(PyTuple_GET_SIZE(closure)));
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(closure); ++i) {
    PyObject* cell = PyTuple_GET_ITEM(closure, i);
    if (!PyCell_Check(cell) || !needs_no_submodules(PyCell_GET(cell), *info) ||
        !add_cell(cell, PyTuple_GET_ITEM(variables.get(), i)))
      return false;
  }
  return true;
}

bool SnapshotWalk::add_cell(PyObject* cell, PyObject* variable) {
  if (const Snapshot::Number* number = out_.number_or_new(cell)) {
    word(Tag::kAgain, *number);
    return true;
  }
  kind(cell);
  PyObject* value = PyCell_GET(cell);
  if (value == nullptr ||
      (!PyDict_CheckExact(value) && Py_TYPE(value) != &PyDictProxy_Type))
    return add_or_absent(value);
  // The namespace of a class that is being written, or of one that is lost.
  PyObject* mapping =
      Py_TYPE(value) == &PyDictProxy_Type ? cpython::proxied_mapping(value) : value;
  for (std::size_t i = 0; i < out_.objects.size(); ++i) {
    PyObject* owner = out_.objects[i];
    if (PyType_Check(owner) &&
        cpython::type_dict(reinterpret_cast<PyTypeObject*>(owner)) == mapping) {
      word(Tag::kClassNamespace, i);
      return true;
    }
  }
  bool of_class = variable == nullptr ||
                  PyUnicode_CompareWithASCIIString(variable, "__classdict__") == 0;
  return !of_class && add(value);
}

bool SnapshotWalk::add_namespace(PyObject* globals) {
  auto known = out_.namespaces.items();
  auto found = std::ranges::find(known, globals);
  word(Tag::kNamespace, static_cast<std::uint64_t>(found - known.begin()));
  if (found != known.end()) return true;
  out_.namespaces.push_back(globals);
  if (is_dynamic_namespace(globals, names_)) return false;
  for (PyObject* name : {names_.package, names_.attr_name, names_.path, names_.file}) {
    if (!add_or_absent(checked_lookup(PyDict_GetItemWithError(globals, name))))
      return false;
  }
  return true;
}

// By its blob, which tells everything.
bool SnapshotWalk::add_code(PyObject* code) {
  const CodeInfo* info = shared_.known_code_info(code);
  return info != nullptr && text(info->pyc.get());
}

bool SnapshotWalk::add_module(PyObject* module) {
  PyObject* name = checked_lookup(
      PyDict_GetItemWithError(PyModule_GetDict(module), names_.attr_name));
  if (name == nullptr || !PyUnicode_CheckExact(name) ||
      cpython::loaded_module(name) != module || shared_.policy().is_registered(name))
    return false;
  word(Tag::kModule);
  return text(name);
}

}  // namespace cppickle::recording
