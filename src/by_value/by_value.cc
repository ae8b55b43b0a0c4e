#include "by_value/by_value.h"

#include <algorithm>

#include "by_value/class_parts.h"
#include "by_value/classes.h"
#include "by_value/enums.h"
#include "by_value/exceptions.h"
#include "by_value/functions.h"
#include "by_value/imports.h"
#include "by_value/namespaces.h"
#include "by_value/recorder.h"
#include "by_value/script_parts.h"
#include "by_value/wrappers.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::Ref;
using pickling::Pickler;

namespace {

// Types that pickle writes as type(value): their names lead nowhere in older versions.
PyObject* only_instance_of(PyObject* cls) {
  for (PyObject* value : {Py_None, Py_NotImplemented, Py_Ellipsis}) {
    if (reinterpret_cast<PyObject*>(Py_TYPE(value)) == cls) return value;
  }
  return nullptr;
}

// False for most classes that derive neither from a descriptor nor from the module
// type.
bool may_be_derived(PyTypeObject* type) {
  return type->tp_descr_get != nullptr ||
         type->tp_basicsize >= PyModule_Type.tp_basicsize;
}

constexpr std::size_t kFewNamespaces = 8;

}  // namespace

bool ByValue::save_function_by_reference(Pickler& pickler, PyObject* object) {
  auto function = reinterpret_cast<PyFunctionObject*>(object);
  GlobalName name{function->func_module, function->func_qualname};
  if (!shared_.policy().is_importable(pickler, object, name)) return false;
  if (shared_.policy().is_decided_elsewhere(object)) [[unlikely]] {
    pickler.save_global(object, nullptr);
  } else {
    pickler.emit_global(object, name.module, name.qualname);
  }
  return true;
}

bool ByValue::save_class_by_reference(Pickler& pickler, PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  ClassName name = name_of_class(type, pickler.names());
  GlobalName borrowed{name.module.get(), name.qualname.get()};
  if (!shared_.policy().is_importable(pickler, cls, borrowed)) return false;
  if (shared_.policy().is_decided_elsewhere(cls)) [[unlikely]] {
    pickler.save_global(cls, nullptr);
    return true;
  }
  // The names of static types are made on the spot, so the memo has to hold them.
  if (cpython::class_qualname(type) == nullptr) pickler.before_foreign_code();
  pickler.emit_global(cls, borrowed.module, borrowed.qualname);
  return true;
}

bool ByValue::save_under_own_name(Pickler& pickler, PyObject* object,
                                  PyObject* name_attribute) {
  pickler.before_foreign_code();
  Ref module = cpython::lookup_attribute(object, pickler.names().attr_module);
  Ref name = cpython::lookup_attribute(object, name_attribute);
  if (!module || !name || !PyUnicode_Check(name.get())) return false;
  GlobalName borrowed{module.get(), name.get()};
  if (!shared_.policy().is_importable(pickler, object, borrowed)) return false;
  pickler.emit_global(object, borrowed.module, borrowed.qualname);
  return true;
}

void ByValue::save_function(Pickler& pickler, PyObject* function) {
  if (save_function_by_reference(pickler, function) ||
      save_recorded(*this, pickler, function))
    return;
  save_function_by_value(*this, pickler, function);
}

void ByValue::save_class(Pickler& pickler, PyObject* cls) {
  if (PyObject* value = only_instance_of(cls)) {
    pickler.before_foreign_code();
    Ref arguments = checked(PyTuple_Pack(1, value));
    return pickler.save_as_call(cls, reinterpret_cast<PyObject*>(&PyType_Type),
                                std::move(arguments));
  }
  if (shared_.save_known_global(pickler, cls)) return;
  if (save_class_by_reference(pickler, cls) || save_recorded(*this, pickler, cls))
    return;
  save_class_by_value(*this, pickler, cls);
}

bool ByValue::save_at_once(Pickler& pickler, PyObject* object) {
  if (shared_.save_known_global(pickler, object)) return true;
  if (shared_.replacements().any()) [[unlikely]]
    return false;
  if (PyFunction_Check(object)) {
    return save_function_by_reference(pickler, object) ||
           save_function_at_once(*this, pickler, object);
  }
  return PyType_Check(object) && only_instance_of(object) == nullptr &&
         save_class_by_reference(pickler, object);
}

bool ByValue::save_other(Pickler& pickler, PyObject* object) {
  notice_new_modules();
  PyTypeObject* type = Py_TYPE(object);
  if (Reducer reducer = shared_.reducer_for(type))
    return reducer(*this, pickler, object);
  if (Py_TYPE(type) != &PyType_Type && save_enum_member(*this, pickler, object))
    return true;
  if (PyExceptionInstance_Check(object)) return save_exception(*this, pickler, object);
  return may_be_derived(type) && save_derived(pickler, object);
}

// Classes that derive from builtin types with a reducer, and have none themselves.
bool ByValue::save_derived(Pickler& pickler, PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  const cpython::Names& names = pickler.names();
  if (!cpython::is_objects_own(type, names.reduce_ex) ||
      !cpython::is_objects_own(type, names.reduce))
    return false;
  if (PyModule_Check(object)) return save_module_by_reference(*this, pickler, object);
  if (type->tp_descr_get == nullptr) return false;
  if (PyType_IsSubtype(type, &PyProperty_Type))
    return save_property(*this, pickler, object);
  return (PyType_IsSubtype(type, &PyClassMethod_Type) ||
          PyType_IsSubtype(type, &PyStaticMethod_Type)) &&
         save_method_wrapper(*this, pickler, object);
}

void ByValue::notice_new_modules() {
  if (!std::exchange(noticed_, true)) shared_.notice_new_modules();
}

void ByValue::clear() {
  noticed_ = false;
  may_read_modules_ = true;
  guarded_ = false;
  namespaces_.clear();
  namespace_index_.clear();
  classes_.clear();
  imported_modules_.reset();
  recorder_.reset();
}

int ByValue::traverse(visitproc visit, void* arg) const {
  for (const auto& space : namespaces_) {
    Py_VISIT(space->globals.get());
    Py_VISIT(space->stand_in.get());
    Py_VISIT(space->module.get());
  }
  for (const auto& [dict, cls] : classes_) Py_VISIT(cls.get());
  Py_VISIT(imported_modules_.get());
  return 0;
}

Namespace& ByValue::namespace_of(PyObject* globals) {
  if (namespaces_.size() <= kFewNamespaces) {
    for (const auto& space : namespaces_) {
      if (space->globals.get() == globals) return *space;
    }
  } else if (auto found = namespace_index_.find(globals);
             found != namespace_index_.end()) {
    return *found->second;
  }
  auto space = std::make_unique<Namespace>();
  space->globals = Ref::borrow(globals);
  space->stand_in = checked(cpython::new_object());
  if (is_dynamic_namespace(globals, shared_.imported().names))
    space->module = checked(cpython::new_object());
  namespaces_.push_back(std::move(space));
  if (namespaces_.size() == kFewNamespaces + 1) {
    for (const auto& known : namespaces_)
      namespace_index_.emplace(known->globals.get(), known.get());
  } else if (namespaces_.size() > kFewNamespaces) {
    namespace_index_.emplace(globals, namespaces_.back().get());
  }
  return *namespaces_.back();
}

RecordingSlot* ByValue::recording_slot(PyObject* object) {
  if (!PyFunction_Check(object))
    return &shared_.recordings().slot_of_class(object).recording;
  const CodeInfo* info = shared_.known_code_info(PyFunction_GET_CODE(object));
  return info == nullptr ? nullptr : &info->recording;
}

std::optional<std::size_t> ByValue::namespace_place(PyObject* stand_in) const {
  auto found = std::ranges::find_if(namespaces_, [&](const auto& space) {
    return space->stand_in.get() == stand_in;
  });
  if (found == namespaces_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - namespaces_.begin());
}

void ByValue::restore_namespace(PyObject* globals, const std::vector<Ref>& sent) {
  Namespace& space = namespace_of(globals);
  for (const Ref& name : sent) space.note_sent(name.get());
}

void ByValue::note_class(PyObject* cls) {
  PyObject* dict = cpython::type_dict(reinterpret_cast<PyTypeObject*>(cls));
  classes_.insert_or_assign(dict, Ref::borrow(cls));
}

PyObject* ByValue::class_with_namespace(PyObject* object) const {
  if (Py_TYPE(object) == &PyDictProxy_Type) object = cpython::proxied_mapping(object);
  auto found = classes_.find(object);
  return found == classes_.end() ? nullptr : found->second.get();
}

bool ByValue::imports_first_time(PyObject* module_name) {
  if (!imported_modules_) imported_modules_ = checked(PySet_New(nullptr));
  if (cpython::checked_status(PySet_Contains(imported_modules_.get(), module_name)))
    return false;
  cpython::checked_status(PySet_Add(imported_modules_.get(), module_name));
  return true;
}

}  // namespace cppickle::by_value
