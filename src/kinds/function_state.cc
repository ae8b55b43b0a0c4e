#include "kinds/function_state.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "bytecode/code_info.h"
#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "parts/annotation_names.h"
#include "pickling/work_stack.h"
#include "policy/overrides.h"

namespace cppickle::kinds {

using bytecode::CodeInfo;
using cpython::checked;
using cpython::Names;
using cpython::own_items;
using cpython::own_next;
using cpython::read_code;
using cpython::read_entry;
using cpython::read_field;
using cpython::read_items;
using cpython::Ref;
using pickling::Label;
using policy::Overridable;
using policy::Overrides;
using stream::Entry;
using stream::StreamState;

bool same_text(PyObject* left, PyObject* right) {
  if (left == right) return true;
  if (!PyUnicode_Check(left) || !PyUnicode_Check(right)) return false;
  return cpython::same_name(left, right);
}

std::vector<Entry> differing_slots(PyObject* object, const Names& names,
                                   bool defaults_differ) {
  PyObject* code = read_code(read_field<&PyFunctionObject::func_code>(object));
  std::vector<Entry> slots;
  auto add = [&](PyObject* name, PyObject* value) {
    slots.push_back({name, value, Label::kAttribute});
  };
  if (defaults_differ)
    add(names.defaults, read_field<&PyFunctionObject::func_defaults>(object));
  if (PyObject* kwdefaults = read_field<&PyFunctionObject::func_kwdefaults>(object))
    add(names.kwdefaults, kwdefaults);
  if (PyObject* annotate = cpython::read_annotate(object);
      annotate != nullptr && annotate != Py_None) {
    add(names.annotate, annotate);
  } else if (PyObject* annotations = cpython::read_annotations(object)) {
    add(names.annotations, annotations);
  }
  auto or_none = [](PyObject* value) { return value != nullptr ? value : Py_None; };
  PyObject* doc = or_none(read_field<&PyFunctionObject::func_doc>(object));
  if (!same_text(doc, cpython::implied_doc(code))) add(names.doc, doc);
  PyObject* module = or_none(read_field<&PyFunctionObject::func_module>(object));
  PyObject* implied_module =
      read_entry(read_field<&PyFunctionObject::func_globals>(object), names.attr_name);
  if (!same_text(module, or_none(implied_module))) add(names.attr_module, module);
  PyObject* qualname = read_field<&PyFunctionObject::func_qualname>(object);
  if (!same_text(qualname, cpython::code_qualname(code))) add(names.qualname, qualname);
  PyObject* type_params = cpython::read_type_params(object);
  if (type_params != nullptr && PyTuple_Check(type_params) &&
      !read_items(type_params).empty()) {
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
  while (own_next(dict, &position, &name, &value)) {
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

std::span<PyObject* const> FunctionState::cells() const {
  return closure_ != nullptr ? read_items(closure_) : std::span<PyObject* const>();
}

Ref overridden_state(StreamState& state, PyObject* function) {
  const Overrides& overrides = state.context().overrides();
  if (overrides.of(Overridable::kFunctionGetstate) == nullptr) [[likely]]
    return Ref();
  return overrides.call(Overridable::kFunctionGetstate, function);
}

FunctionState::FunctionState(StreamState& state, PyObject* object, Ref answer)
    : function_(object), answer_(std::move(answer)) {
  borrowing_.begin();
  attributes_ = read_field<&PyFunctionObject::func_dict>(object);
  closure_ = read_field<&PyFunctionObject::func_closure>(object);
  globals_ = read_field<&PyFunctionObject::func_globals>(object);
  PyObject* code = read_code(read_field<&PyFunctionObject::func_code>(object));
  const CodeInfo& info = state.context().code_info(code);
  mentioned_names_ = Ref::borrow(info.mentioned_names.get());
  if (answer_) [[unlikely]] {
    read_answer(answer_.get());
  } else {
    global_names_ = Ref::borrow(info.global_names.get());
    add_names_of_annotations(state);
  }
}

void FunctionState::add_names_of_annotations(StreamState& state) {
  parts::UsedNames used =
      state.context().annotation_names().of(function_, globals_, global_names_.get());
  auto extend = [](Ref& tuple, const std::vector<Ref>& names) {
    if (names.empty()) return;
    Ref more = checked(PyTuple_New(static_cast<Py_ssize_t>(names.size())));
    for (std::size_t i = 0; i < names.size(); ++i)
      PyTuple_SET_ITEM(more.get(), static_cast<Py_ssize_t>(i),
                       Py_NewRef(names[i].get()));
    tuple = checked(PySequence_Concat(tuple.get(), more.get()));
  };
  extend(global_names_, used.globals);
  extend(mentioned_names_, used.attributes);
}

void FunctionState::read_answer(PyObject* answer) {
  require(PyTuple_Check(answer) && own_items(answer).size() == 2, answer);
  PyObject* attributes = own_items(answer)[0];
  overridden_slots_ = own_items(answer)[1];
  require(PyDict_CheckExact(overridden_slots_), answer);
  attributes_ = PyDict_CheckExact(attributes) ? attributes : nullptr;
  globals_ = cpython::own_entry(overridden_slots_, "__globals__");
  require(globals_ != nullptr && PyDict_CheckExact(globals_), answer);
  global_names_ = interned_keys(globals_);
  // Cells of its own hold other contents.
  PyObject* cells = cpython::own_entry(overridden_slots_, "__closure__");
  bool fits = cells != nullptr && closure_ != nullptr && PyTuple_CheckExact(cells) &&
              own_items(cells).size() == read_items(closure_).size() &&
              std::ranges::all_of(own_items(cells),
                                  [](PyObject* cell) { return PyCell_Check(cell); });
  if (fits) closure_ = cells;
}

std::vector<Entry> FunctionState::slots(const Names& names,
                                        bool defaults_differ) const {
  std::vector<Entry> slots = differing_slots(function_, names, defaults_differ);
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (overridden_slots_ != nullptr &&
         own_next(overridden_slots_, &position, &name, &value)) {
    if (!is_slot_name(name)) continue;
    Ref present = cpython::read_attribute_or_none(function_, name);
    if (present.get() != value) put(slots, name, value);
  }
  return slots;
}

}  // namespace cppickle::kinds
