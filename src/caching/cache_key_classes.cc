// Classes, their instances, and what classes hold.
#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "caching/cache_key.h"
#include "caching/cache_key_builder.h"
#include "caching/class_cache.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "kinds/enums.h"
#include "parts/class_parts.h"
#include "parts/struct_types.h"
#include "pickling/instance_plans.h"
#include "policy/module_members.h"
#include "policy/policy.h"

namespace cppickle::caching {

using cpython::as_object;
using cpython::read_field;
using cpython::read_member;
using cpython::read_type;
using cpython::Ref;
using kinds::is_enumeration;
using parts::ClassName;
using parts::is_written_attribute;
using parts::name_of_class;
using parts::subclass_hook_owner;
using policy::GlobalName;
using policy::ModuleMembers;
using policy::Policy;

namespace {

constexpr std::size_t kMostSlots = 32;

// What it is told by its own __reduce__ does not change, but for the docstring; as an
// attribute of a class it is the same object as long as the class has the same version.
bool is_fixed_by_class(PyObject* value) {
  PyTypeObject* type = Py_TYPE(value);
  return type->tp_descr_set != nullptr &&
         std::strcmp(type->tp_name, "_collections._tuplegetter") == 0;
}

}  // namespace

bool CacheKeyBuilder::add_class(PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  PyTypeObject* metaclass = read_type(cls);
  if (metaclass != &PyType_Type && !has_no_reducer(metaclass)) return false;
  if (context_.known_global(cls).module != nullptr) {
    word(Tag::kKnownGlobal);
    pointer(cls);
    return true;
  }
  if ((type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0) return add_static_type(type);
  ClassName name = name_of_class(type, names_);
  bool by_reference;
  if (!add_verdict(cls, {name.module.get(), name.qualname.get()}, by_reference))
    return false;
  return by_reference || add_class_parts(type);
}

// Its names are made anew each time.
bool CacheKeyBuilder::add_static_type(PyTypeObject* type) {
  const ClassName& name = context_.name_of_static_type(type);
  word(Tag::kKnownGlobal);
  pointer(type);
  return context_.policy().verdict_without_calls(
             as_object(type), {name.module.get(), name.qualname.get()}) ==
         Policy::Verdict::kByReference;
}

bool CacheKeyBuilder::add_class_parts(PyTypeObject* type) {
  std::uint64_t version = cpython::type_version(cpython::read_class(type));
  // Without a version a change of its attributes could go unseen; defaults of a
  // struct's fields are no attributes.
  if (version == 0 || !cpython::is_python_class(type) || parts::is_struct_class(type))
    return false;
  // A stream that was loaded since may have made another table of ids.
  if (!context_.tracker().is_open()) return false;
  if (by_value_count_ < kFew) by_value_[by_value_count_++] = type;
  word(Tag::kClass, version);
  pointer(type);
  // A tracker that was put in its place gives other ids, and so does another scope.
  word(Tag::kClass, context_.tracker().epoch(state_.options().class_ids));
  for (PyObject* part :
       {cpython::read_class_name(type), cpython::read_class_qualname(type),
        subclass_hook_owner(type, names_)}) {
    if (!add_or_absent(part)) return false;
  }
  if (!add_metaclass(read_type(as_object(type)))) return false;
  for (PyObject* base : cpython::read_bases(type)) {
    if (!add(base)) return false;
  }
  return is_unregistered_base(type) && add_class_attributes(type, version);
}

// The names, and the values without identity, are as they were when the version is.
bool CacheKeyBuilder::add_class_attributes(PyTypeObject* type, std::uint64_t version) {
  ClassCacheEntry& entry = classes_.of(as_object(type));
  if (entry.version != version) {
    entry.walked = walked_attributes(type);
    entry.version = version;
  }
  for (PyObject* value : entry.walked) {
    if (!(is_fixed_by_class(value) ? add_by_identity(value) : add(value))) return false;
  }
  return true;
}

std::vector<PyObject*> CacheKeyBuilder::walked_attributes(PyTypeObject* type) const {
  std::vector<PyObject*> walked;
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (cpython::own_next(cpython::read_class_dict(type), &position, &name, &value)) {
    if (!is_scalar(value) && !is_text_of_code(value) &&
        is_written_attribute(type, name, value, names_))
      walked.push_back(value);
  }
  return walked;
}

bool CacheKeyBuilder::add_by_identity(PyObject* value) {
  if (const CacheKey::Number* number = out_.number_or_new(value)) {
    word(Tag::kBackReference, *number);
  } else {
    word(Tag::kByIdentity);
    pointer(value);
    PyTypeObject* type = Py_TYPE(value);
    cpython::note_read(cpython::Read::kReduction, value);
    return has_no_reducer(type) && add(as_object(type)) &&
           add(read_member(value, *type, "__doc__"));
  }
  return true;
}

// One by value has its version elsewhere, too; type itself does not change.
bool CacheKeyBuilder::add_metaclass(PyTypeObject* metaclass) {
  if (metaclass != &PyType_Type) {
    std::uint64_t version = cpython::type_version(cpython::read_class(metaclass));
    if (version == 0) return false;
    word(Tag::kClass, version);
    pointer(metaclass);
  }
  return add(as_object(metaclass));
}

// No class is registered with it: registered ones come and go unseen.
bool CacheKeyBuilder::is_unregistered_base(PyTypeObject* type) {
  PyObject* data = cpython::read_class_entry(type, names_.abc_impl);
  word(Tag::kClass, (type->tp_flags & Py_TPFLAGS_IS_ABSTRACT) != 0);
  if (data == nullptr) return true;
  Ref dump = cpython::read_abc_dump(pickler_.imported().abc_get_dump, as_object(type));
  if (!PyTuple_Check(dump.get())) return false;
  PyObject* registry = cpython::own_items(dump.get())[0];
  return PyAnySet_Check(registry) && PySet_Size(registry) == 0;
}

// --- What classes hold ------------------------------------------------------

bool CacheKeyBuilder::has_no_reducer(PyTypeObject* type) {
  if (type == last_unregistered_) return true;
  if (!is_unregistered(type)) return false;
  last_unregistered_ = type;
  return true;
}

bool CacheKeyBuilder::is_unregistered(PyTypeObject* type) {
  auto end = unregistered_.begin() + static_cast<std::ptrdiff_t>(unregistered_count_);
  if (std::find(unregistered_.begin(), end, type) != end) return true;
  if (pickler_.may_have_reducer(type)) return false;
  if (unregistered_count_ < kFew) unregistered_[unregistered_count_++] = type;
  return true;
}

bool CacheKeyBuilder::add_other(PyObject* object) {
  PyTypeObject* type = read_type(object);
  if (!has_no_reducer(type)) return false;
  if (Py_TYPE(type) != &PyType_Type && is_enumeration(state_, type))
    return add_member(object);
  if (type == &PyCell_Type) return false;  // by itself: its variable is not known
  if (type == &PyCode_Type) return add_code(object);
  if (type == &PyModule_Type) return add_module(object);
  if (type == &PyStaticMethod_Type || type == &PyClassMethod_Type)
    return add_wrapper(object);
  if (type == &PyProperty_Type) return add_property(object);
  if (context_.known_global(object).module != nullptr) {
    word(Tag::kKnownGlobal);
    pointer(object);
    return true;
  }
  if (type == &PyCFunction_Type) return add_builtin_function(object);
  if (object == Py_Ellipsis || object == Py_NotImplemented) {
    kind(object);
    return true;
  }
  if (type == &PyBaseObject_Type) return add_sentinel(object);
  if (type == &PyMethod_Type || type == &PyCMethod_Type) return add_method(object);
  if (type == &PyDictProxy_Type) {
    kind(object);
    return add(cpython::read_proxied(object));
  }
  return is_refused(type) ? add_module_member(object, ModuleMembers::Kind::kOther)
                          : add_instance(object);
}

// False for one that no module has.
bool CacheKeyBuilder::add_module_member(PyObject* object, ModuleMembers::Kind kind_of) {
  GlobalName name = state_.name_of_member(object, kind_of);
  kind(object);
  return name.qualname != nullptr && add_kept_name(name);
}

// One that no module has is described by its number.
bool CacheKeyBuilder::add_sentinel(PyObject* object) {
  GlobalName name = state_.name_of_member(object, ModuleMembers::Kind::kSentinel);
  kind(object);
  return name.qualname == nullptr || add_kept_name(name);
}

bool CacheKeyBuilder::add_kept_name(const GlobalName& name) {
  out_.kept.push_back(Ref::borrow(name.module));
  out_.kept.push_back(Ref::borrow(name.qualname));
  return text(name.module) && text(name.qualname);
}

// Of an instance that a module has made; others depend on all of their instance.
bool CacheKeyBuilder::add_method(PyObject* method) {
  PyObject* self = PyMethod_Check(method)
                       ? read_field<&PyMethodObject::im_self>(method)
                       : read_field<&PyCFunctionObject::m_self>(method);
  return self != nullptr && !PyType_Check(self) &&
         add_module_member(method, ModuleMembers::Kind::kMethod);
}

// Instances of a class made in C, whose state only that knows, are refused by object's
// own reduce methods; so is a structure to whose class no name leads.
bool CacheKeyBuilder::is_refused(PyTypeObject* type) const {
  if (pickler_.protocol() < 2 || context_.reducer_for(type) != nullptr ||
      cpython::is_python_class(type))
    return false;
  cpython::note_read(cpython::Read::kReduction, as_object(type));
  return pickler_.plan_for(type).refused;
}

// staticmethod and classmethod: which attributes are the function's own counts.
bool CacheKeyBuilder::add_wrapper(PyObject* wrapper) {
  kind(wrapper);
  if (!add(as_object(Py_TYPE(wrapper)))) return false;
  PyObject* held = read_member(wrapper, *Py_TYPE(wrapper), "__func__");
  if (!PyFunction_Check(held)) return false;
  const std::pair<PyObject*, PyObject*> copied[] = {
      {names_.attr_module, read_field<&PyFunctionObject::func_module>(held)},
      {names_.attr_name, read_field<&PyFunctionObject::func_name>(held)},
      {names_.qualname, read_field<&PyFunctionObject::func_qualname>(held)},
      {names_.doc, read_field<&PyFunctionObject::func_doc>(held)},
      {names_.annotations, read_field<&PyFunctionObject::func_annotations>(held)},
  };
  Ref dict = cpython::read_instance_dict(wrapper);
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (dict && cpython::read_next(dict.get(), &position, &name, &value)) {
    auto same = std::ranges::find_if(copied, [&](const auto& entry) {
      return cpython::same_name(name, entry.first);
    });
    if (same == std::end(copied) || !add(name)) return false;
    if (same->second == value) {
      word(Tag::kSame);
    } else if (!add(value)) {
      return false;
    }
  }
  return add(held);
}

bool CacheKeyBuilder::add_property(PyObject* property) {
  kind(property);
  if (!add(as_object(Py_TYPE(property)))) return false;
  auto part = [&](std::string_view name) {
    return read_member(property, PyProperty_Type, name);
  };
  PyObject* getter = part("fget");
  if (getter != Py_None && !PyFunction_Check(getter)) return false;
  if (PyFunction_Check(getter) &&
      !add_or_absent(read_field<&PyFunctionObject::func_doc>(getter)))
    return false;
  return add(part("fset")) && add(part("fdel")) && add(part("__doc__")) && add(getter);
}

bool CacheKeyBuilder::add_builtin_function(PyObject* object) {
  PyObject* self = read_field<&PyCFunctionObject::m_self>(object);
  PyObject* module = read_field<&PyCFunctionObject::m_module>(object);
  Ref name = cpython::checked(PyUnicode_InternFromString(
      read_field<&PyCFunctionObject::m_ml>(object)->ml_name));
  out_.kept.push_back(Ref::borrow(name.get()));
  if (self != nullptr && PyType_Check(self)) {
    // A method such as tuple.__new__: getattr(type, name), if that is what it gives.
    std::uint64_t version = cpython::type_version(
        cpython::read_class(reinterpret_cast<PyTypeObject*>(self)));
    kind(object);
    word(Tag::kClass, version);
    return version != 0 && text(name.get()) && add(self);
  }
  bool of_module = self == nullptr || PyModule_Check(self);
  if (!of_module) return add_method(object);
  if (module == nullptr) return false;
  bool by_reference;
  return add_verdict(object, {module, name.get()}, by_reference) && by_reference;
}

// --- Instances --------------------------------------------------------------

// A member of an enumeration by value.
bool CacheKeyBuilder::add_member(PyObject* member) {
  PyTypeObject* type = read_type(member);
  if (!add(as_object(type)) || !is_by_value(type)) return false;
  PyTypeObject* base = cpython::read_builtin_base(type);
  if (base != &PyBaseObject_Type && base != &PyLong_Type) return false;
  word(Tag::kMember);
  if (base == &PyLong_Type) {
    int overflow = 0;
    long long value = PyLong_AsLongLongAndOverflow(member, &overflow);
    if (overflow != 0) return false;
    out_.words.push_back(static_cast<std::uint64_t>(value));
  }
  return add_attributes(member);
}

bool CacheKeyBuilder::is_by_value(PyTypeObject* type) const {
  auto end = by_value_.begin() + static_cast<std::ptrdiff_t>(by_value_count_);
  return std::find(by_value_.begin(), end, type) != end;
}

// One whose class leaves everything to object.
bool CacheKeyBuilder::add_instance(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (context_.reducer_for(type) != nullptr || PyExceptionInstance_Check(object) ||
      type->tp_descr_get != nullptr)
    return false;
  const pickling::InstancePlan& plan = pickler_.plan_for(type);
  if (!plan.native || plan.version == 0 || plan.slots.size() > kMostSlots) return false;
  cpython::note_read(cpython::Read::kClass, as_object(type));
  cpython::note_read(cpython::Read::kContent, object);
  word(Tag::kInstance, plan.version);
  pointer(type);
  // Read at once: what is added may bring other plans.
  std::array<PyObject*, kMostSlots> values;
  std::size_t count = 0;
  for (const pickling::InstancePlan::Slot& slot : plan.slots) {
    values[count++] = slot.value_of(object);
  }
  bool has_dict = plan.has_dict;
  for (std::size_t i = 0; i < count; ++i) {
    if (!add_or_absent(values[i])) return false;
  }
  return add(as_object(type)) && (!has_dict || add_attributes(object));
}

}  // namespace cppickle::caching
