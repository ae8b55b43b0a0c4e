#include "kinds/function_state.h"

#include <string_view>

#include "bytecode/code_info.h"
#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "pickling/work_stack.h"
#include "policy/replacements.h"

namespace cppickle::kinds {

using bytecode::CodeInfo;
using cpython::checked;
using cpython::checked_lookup;
using cpython::Names;
using cpython::Ref;
using pickling::Label;
using policy::Helper;
using policy::Replacements;
using stream::Entry;
using stream::StreamState;

bool same_text(PyObject* left, PyObject* right) {
  if (left == right) return true;
  if (!PyUnicode_Check(left) || !PyUnicode_Check(right)) return false;
  return cpython::same_name(left, right);
}

std::vector<Entry> differing_slots(PyObject* object, const Names& names,
                                   bool defaults_differ) {
  auto function = reinterpret_cast<PyFunctionObject*>(object);
  std::vector<Entry> slots;
  auto add = [&](PyObject* name, PyObject* value) {
    slots.push_back({name, value, Label::kAttribute});
  };
  if (defaults_differ) add(names.defaults, function->func_defaults);
  if (function->func_kwdefaults != nullptr)
    add(names.kwdefaults, function->func_kwdefaults);
  if (PyObject* annotate = cpython::function_annotate(object);
      annotate != nullptr && annotate != Py_None) {
    add(names.annotate, annotate);
  } else if (PyObject* annotations = cpython::function_annotations(object)) {
    add(names.annotations, annotations);
  }
  PyObject* doc = function->func_doc != nullptr ? function->func_doc : Py_None;
  if (!same_text(doc, cpython::implied_doc(function->func_code))) add(names.doc, doc);
  PyObject* module = function->func_module != nullptr ? function->func_module : Py_None;
  PyObject* implied_module =
      checked_lookup(PyDict_GetItemWithError(function->func_globals, names.attr_name));
  if (!same_text(module, implied_module != nullptr ? implied_module : Py_None))
    add(names.attr_module, module);
  if (!same_text(function->func_qualname,
                 cpython::code_qualname(function->func_code))) {
    add(names.qualname, function->func_qualname);
  }
  PyObject* type_params = cpython::function_type_params(object);
  if (type_params != nullptr && PyTuple_Check(type_params) &&
      PyTuple_GET_SIZE(type_params) != 0) {
    add(names.type_params, type_params);
  }
  return slots;
}

namespace {

// What cloudpickle's state holds beside slots.
bool is_slot_name(PyObject* name) {
  if (!PyUnicode_Check(name)) return false;
  std::string_view text = cpython::utf8_view(name);
  return text != "__globals__" && text != "__closure__" &&
         text != "_cloudpickle_submodules";
}

Ref interned_keys(PyObject* dict) {
  Ref names = checked(PyList_New(0));
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (PyDict_Next(dict, &position, &name, &value)) {
    if (!PyUnicode_CheckExact(name)) continue;
    PyObject* own = Py_NewRef(name);
    PyUnicode_InternInPlace(&own);
    Ref held = Ref::steal(own);
    cpython::checked_status(PyList_Append(names.get(), own));
  }
  return checked(PyList_AsTuple(names.get()));
}

void require(bool good, PyObject* answer) {
  if (good) return;
  cpython::raise_format(PyExc_TypeError,
                        "_function_getstate must answer a dict of attributes and a "
                        "dict of slots with '__globals__', not %.200R",
                        answer);
}

void put(std::vector<Entry>& entries, PyObject* name, PyObject* value) {
  for (Entry& entry : entries) {
    if (PyUnicode_Compare(entry.key, name) != 0) continue;
    entry.value = value;
    return;
  }
  entries.push_back({name, value, Label::kAttribute});
}

}  // namespace

FunctionState::FunctionState(StreamState& reducers, PyObject* object)
    : function_(object) {
  auto function = reinterpret_cast<PyFunctionObject*>(object);
  const Replacements& replacements = reducers.shared().replacements();
  if (replacements.of(Helper::kFunctionGetstate) != nullptr) [[unlikely]]
    answer_ = replacements.call(Helper::kFunctionGetstate, object);
  attributes_ = function->func_dict;
  closure_ = function->func_closure;
  globals_ = function->func_globals;
  if (answer_) [[unlikely]] {
    read_answer(answer_.get());
  } else {
    const CodeInfo& info = reducers.shared().code_info(function->func_code);
    global_names_ = Ref::borrow(info.global_names.get());
  }
}

void FunctionState::read_answer(PyObject* answer) {
  require(PyTuple_Check(answer) && PyTuple_GET_SIZE(answer) == 2, answer);
  PyObject* attributes = PyTuple_GET_ITEM(answer, 0);
  told_slots_ = PyTuple_GET_ITEM(answer, 1);
  require(PyDict_CheckExact(told_slots_), answer);
  attributes_ = PyDict_CheckExact(attributes) ? attributes : nullptr;
  globals_ = checked_lookup(PyDict_GetItemString(told_slots_, "__globals__"));
  require(globals_ != nullptr && PyDict_CheckExact(globals_), answer);
  global_names_ = interned_keys(globals_);
  // Cells of its own hold other contents.
  PyObject* cells = checked_lookup(PyDict_GetItemString(told_slots_, "__closure__"));
  bool fits = cells != nullptr && closure_ != nullptr && PyTuple_CheckExact(cells) &&
              PyTuple_GET_SIZE(cells) == PyTuple_GET_SIZE(closure_);
  for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(cells); ++i) {
    fits = PyCell_Check(PyTuple_GET_ITEM(cells, i));
  }
  if (fits) closure_ = cells;
}

std::vector<Entry> FunctionState::slots(const Names& names,
                                        bool defaults_differ) const {
  std::vector<Entry> slots = differing_slots(function_, names, defaults_differ);
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (told_slots_ != nullptr && PyDict_Next(told_slots_, &position, &name, &value)) {
    if (!is_slot_name(name)) continue;
    Ref present = cpython::lookup_attribute(function_, name);
    if (present.get() != value) put(slots, name, value);
  }
  return slots;
}

}  // namespace cppickle::kinds
