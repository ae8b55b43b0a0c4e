#include "pickling/instance_plans.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>
#include <utility>

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "pickling/native_kinds.h"
#include "pickling/native_reductions.h"

namespace cppickle::pickling {

using cpython::checked;
using cpython::Ref;

namespace {

constexpr std::size_t kMostPlans = 4096;
constexpr std::size_t kMostSlots = 500;
constexpr std::size_t kMostDtypes = 32;  // numpy has fewer builtin ones

// Attributes that decide how an instance is pickled; all must be what object has, or
// absent.
bool follows_object(PyTypeObject* type, const cpython::Names& names) {
  for (PyObject* name : {names.reduce_ex, names.reduce, names.getstate,
                         names.getnewargs, names.getnewargs_ex, names.attr_class}) {
    if (!cpython::is_objects_own(type, name)) return false;
  }
  return true;
}

// copyreg caches slot names in the class; what is no list there is not from copyreg.
bool has_strange_slot_names(PyTypeObject* type, const cpython::Names& names) {
  PyObject* cached = cpython::dict_entry(cpython::type_dict(type), names.slotnames);
  return cached != nullptr && !PyList_CheckExact(cached);
}

// A private name as the compiler mangles it in the class `owner`.
Ref mangled(PyTypeObject* owner, PyObject* name) {
  Py_ssize_t length = PyUnicode_GET_LENGTH(name);
  auto at = [&](Py_ssize_t i) { return PyUnicode_READ_CHAR(name, i); };
  bool is_private = length >= 2 && at(0) == '_' && at(1) == '_';
  bool is_special =
      is_private && length >= 4 && at(length - 1) == '_' && at(length - 2) == '_';
  if (!is_private || is_special) return Ref::borrow(name);
  const char* stripped = owner->tp_name;
  while (*stripped == '_') ++stripped;
  if (*stripped == '\0') return Ref::borrow(name);
  PyObject* full = checked(PyUnicode_FromFormat("_%s%U", stripped, name)).release();
  PyUnicode_InternInPlace(&full);
  return Ref::steal(full);
}

bool has_slot(const InstancePlan& plan, PyObject* name) {
  return std::ranges::any_of(plan.slots, [&](const InstancePlan::Slot& slot) {
    return PyUnicode_Compare(slot.name.get(), name) == 0;
  });
}

// Adds the slots that `owner` declares and counts their bytes.  False when they are not
// plainly declared.
bool add_slots(InstancePlan& plan, PyTypeObject* type, PyTypeObject* owner,
               const cpython::Names& names, std::size_t& count) {
  PyObject* declared = cpython::dict_entry(cpython::type_dict(owner), names.slots);
  if (declared == nullptr) return true;
  Ref list;
  if (PyUnicode_CheckExact(declared)) {
    list = checked(PyList_New(0));
    cpython::checked_status(PyList_Append(list.get(), declared));
  } else if (PyTuple_CheckExact(declared) || PyList_CheckExact(declared) ||
             PyDict_CheckExact(declared)) {
    list = checked(PySequence_List(declared));
  } else {
    return false;
  }
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.get()); ++i) {
    PyObject* plain = PyList_GET_ITEM(list.get(), i);
    if (!PyUnicode_CheckExact(plain)) return false;
    if (PyUnicode_Compare(plain, names.attr_dict) == 0 ||
        PyUnicode_Compare(plain, names.weakref) == 0)
      continue;
    Ref name = mangled(owner, plain);
    Py_ssize_t offset;
    PyObject* member = cpython::type_lookup(type, name.get());
    if (member == nullptr || !cpython::object_member_offset(type, member, offset))
      return false;
    ++count;
    if (!has_slot(plan, name.get())) plan.slots.push_back({std::move(name), offset});
  }
  return true;
}

InstancePlan made_for(PyTypeObject* type, const cpython::Names& names) {
  InstancePlan plan;
  plan.native = false;
  bool plain = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0 &&
               type->tp_getattro == PyObject_GenericGetAttr && type->tp_itemsize == 0 &&
               follows_object(type, names) && !has_strange_slot_names(type, names);
  PyObject* mro = type->tp_mro;
  std::size_t slot_count = 0;
  for (Py_ssize_t i = 0; plain && i < PyTuple_GET_SIZE(mro); ++i) {
    auto owner = reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(mro, i));
    plain = add_slots(plan, type, owner, names, slot_count);
  }
  // Anything beyond slots, dict and weak references is state of a C type that only it
  // can reduce.
  auto expected = static_cast<std::size_t>(PyBaseObject_Type.tp_basicsize);
  expected += sizeof(PyObject*) *
              (slot_count + (type->tp_dictoffset > 0) + (type->tp_weaklistoffset > 0));
  plan.has_dict = type->tp_dictoffset != 0;
  plan.native = plain && plan.slots.size() <= kMostSlots &&
                static_cast<std::size_t>(type->tp_basicsize) == expected;
  plan.refused = !cpython::is_python_class(type) && type->tp_dictoffset == 0 &&
                 (type->tp_itemsize != 0 ||
                  static_cast<std::size_t>(type->tp_basicsize) > expected) &&
                 follows_object(type, names);
  plan.version = cpython::type_version(type);
  return plan;
}

// numpy.dtype, numpy.dtype[float64] or numpy.dtypes.Float64DType.
bool is_dtype(PyObject* object) {
  constexpr std::string_view kBegin = "numpy.dtype";
  return std::strncmp(Py_TYPE(object)->tp_name, kBegin.data(), kBegin.size()) == 0;
}

bool is_function(PyObject* object) {
  return object != nullptr && PyFunction_Check(object);
}

// object.__reduce_ex__ gets __reduce__ of the instance and of the class, which is asked
// by its metaclass; and __getnewargs__ and the state where that is object's own.
Asking asking_of(PyTypeObject* type, const cpython::Names& names) {
  PyTypeObject* meta = Py_TYPE(type);
  if (!cpython::is_python_class(type) || type->tp_getattro != PyObject_GenericGetAttr ||
      meta->tp_getattro != PyType_Type.tp_getattro ||
      !cpython::is_objects_own(meta, names.reduce))
    return Asking::kAnyhow;
  if (is_function(cpython::type_lookup(type, names.reduce_ex)))
    return Asking::kReduceEx;
  if (!cpython::is_objects_own(type, names.reduce_ex)) return Asking::kAnyhow;
  if (is_function(cpython::type_lookup(type, names.reduce))) return Asking::kReduce;
  constexpr unsigned long kWithItems =
      Py_TPFLAGS_LIST_SUBCLASS | Py_TPFLAGS_DICT_SUBCLASS;
  bool bare = !PyType_HasFeature(type, kWithItems) &&
              cpython::is_objects_own(type, names.reduce) &&
              cpython::is_objects_own(type, names.getnewargs) &&
              cpython::is_objects_own(type, names.getnewargs_ex) &&
              cpython::is_objects_own(type, names.attr_class);
  return bare && is_function(cpython::type_lookup(type, names.getstate))
             ? Asking::kState
             : Asking::kAnyhow;
}

}  // namespace

InstancePlan& InstancePlans::find_plan(PyTypeObject* type) {
  Recent& recent = recent_[place_of(type)];
  auto known = plans_.find(type);
  // The address may be that of a class which died; versions are never given twice.
  if (known == plans_.end() || !is_current(known->second, type)) {
    if (known != plans_.end() && known->second.reduction.kind != NativeKind::kNone)
      outdated_.push_back(std::move(known->second.reduction));
    InstancePlan plan = made_for(type, names_);
    plan.asking = asking_of(type, names_);
    plan.datetime = datetimes_.kind_of(type);
    if (!plan.native && plan.datetime == cpython::DateTimeKind::kNone)
      plan.kind = native_kind(type, names_);
    known = plans_.insert_or_assign(type, std::move(plan)).first;
  }
  recent = {type, &known->second};
  return known->second;
}

void InstancePlans::learn_reduction(PyObject* object, PyObject* value,
                                    PyObject* reducer) {
  InstancePlan& plan = plan_for(Py_TYPE(object));
  if (plan.kind == NativeKind::kNone || plan.reduction.knows(object)) return;
  // What has taught nothing is looked at again ever more seldom.
  if (!std::has_single_bit(++plan.vain_answers)) return;
  if (plan.reduction.kind == NativeKind::kNone) {
    plan.reduction = learned_reduction(plan.kind, object, value, reducer, names_);
  } else {
    learn_dtype(plan.reduction, object, value);
  }
  if (plan.reduction.knows(object)) plan.vain_answers = 0;
}

namespace {

bool is_plain_key(PyObject* key) {
  return Py_TYPE(key) == &PyType_Type ||
         (PyType_Check(key) &&
          Py_TYPE(key)->tp_richcompare == PyType_Type.tp_richcompare);
}

}  // namespace

bool InstancePlans::has_plain_keys(PyObject* table) {
  std::uint64_t version = cpython::dict_version(table);
  for (const PlainTable& known : plain_tables_) {
    if (version != 0 && known.table == table && known.version == version) return true;
  }
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(table, &position, &key, &value)) {
    if (!is_plain_key(key)) return false;
  }
  plain_tables_[next_plain_table_++ % plain_tables_.size()] = {table, version};
  return true;
}

void InstancePlans::trim() {
  if (plans_.size() >= kMostPlans) forget_plans();
  if (!outdated_.empty()) [[unlikely]]
    std::exchange(outdated_, {}).clear();
}

PyObject* InstancePlans::known_reduction(PyObject* object) const {
  if (!is_dtype(object)) return nullptr;
  auto found = std::ranges::find_if(
      dtypes_, [&](const Reduction& known) { return known.dtype.get() == object; });
  return found == dtypes_.end() ? nullptr : found->value.get();
}

void InstancePlans::note_reduction(PyObject* object, PyObject* value) {
  if (!is_dtype(object) || dtypes_.size() >= kMostDtypes) return;
  Ref builtin = cpython::lookup_attribute(object, names_.isbuiltin);
  if (!builtin || !cpython::is_compact_int(builtin.get()) ||
      PyLong_AsLong(builtin.get()) != 1) {
    return;
  }
  dtypes_.push_back({Ref::borrow(object), Ref::borrow(value)});
}

}  // namespace cppickle::pickling
