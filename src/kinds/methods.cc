#include "kinds/methods.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "kinds/module_members.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "policy/module_members.h"
#include "policy/policy.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::as_object;
using cpython::checked;
using cpython::Names;
using cpython::read_attribute;
using cpython::read_field;
using cpython::read_type;
using cpython::read_type_lookup;
using cpython::Ref;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using policy::ModuleMembers;
using stream::begin_tuple;
using stream::end_tuple;
using stream::save_call;
using stream::StreamState;
using stream::write_call;

namespace {

// True when getattr(self, name) answers what the class `owner` has as `attribute`: the
// class itself is asked, or an instance that nothing of its own hides it.
bool leads_to(PyObject* self, PyObject* name, PyTypeObject* owner, PyObject* attribute,
              const Names& names) {
  if (read_type_lookup(owner, name) != attribute) return false;
  if (owner != read_type(self)) return true;
  PyObject* lookup = read_type_lookup(owner, names.getattribute);
  return !PyFunction_Check(lookup) && !cpython::read_has_attribute(self, name);
}

// self.method of a builtin type by its descriptor.
void save_bound_descriptor(Pickler& pickler, PyObject* method, PyObject* descriptor,
                           PyObject* self) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  bool of_class = Py_TYPE(descriptor) == &PyClassMethodDescr_Type;
  Script script(pickler);
  write_call(script, pickler.imported().builtin_getattr, {descriptor, names.get});
  begin_tuple(script, of_class ? 2 : 1);
  if (of_class) script.op(Opcode::NONE);
  script.save(self, Label::kText, names.self_text);
  end_tuple(script, of_class ? 2 : 1);
  script.op(Opcode::REDUCE).memoize(method).start(method);
}

struct Descriptor {
  PyObject* object = nullptr;     // borrowed; null: none of the classes has one
  PyTypeObject* owner = nullptr;  // whose MRO has the class that has it
};

// The descriptor of type `kind` that makes methods of this definition.
Descriptor descriptor_of(PyTypeObject* owner, const PyTypeObject& kind,
                         const PyMethodDef* definition, PyObject* name) {
  for (PyObject* cls : cpython::read_mro(owner)) {
    PyObject* entry =
        cpython::read_class_entry(reinterpret_cast<PyTypeObject*>(cls), name);
    if (entry != nullptr && Py_TYPE(entry) == &kind &&
        reinterpret_cast<PyMethodDescrObject*>(entry)->d_method == definition)
      return {entry, owner};
  }
  return {};
}

bool save_builtin_method(StreamState& state, Pickler& pickler, PyObject* method,
                         PyObject* self, PyObject* name) {
  const PyMethodDef* definition = read_field<&PyCFunctionObject::m_ml>(method);
  Descriptor descriptor =
      descriptor_of(read_type(self), PyMethodDescr_Type, definition, name);
  if (descriptor.object == nullptr && PyType_Check(self)) {
    descriptor = descriptor_of(reinterpret_cast<PyTypeObject*>(self),
                               PyClassMethodDescr_Type, definition, name);
  }
  if (!PyType_Check(self) &&
      save_module_member(state, pickler, method, ModuleMembers::Kind::kMethod))
    return true;
  if (descriptor.object == nullptr ||
      leads_to(self, name, descriptor.owner, descriptor.object, pickler.names()))
    return false;
  save_bound_descriptor(pickler, method, descriptor.object, self);
  return true;
}

// What `owner` has under the function's name is the function, or a class method of it.
bool is_found_as_method(PyObject* method, PyObject* owner, Pickler& pickler) {
  PyObject* function = read_field<&PyMethodObject::im_func>(method);
  PyObject* self = read_field<&PyMethodObject::im_self>(method);
  auto type = reinterpret_cast<PyTypeObject*>(owner);
  pickler.before_foreign_code();
  Ref name = read_attribute(function, pickler.names().attr_name);
  if (!PyUnicode_Check(name.get())) return false;
  Ref found = Ref::borrow(read_type_lookup(type, name.get()));
  if (!found) return false;
  bool same = found.get() == function;
  if (!same && Py_TYPE(found.get()) == &PyClassMethod_Type) {
    same = read_attribute(found.get(), pickler.names().attr_func).get() == function;
  }
  return same && leads_to(self, name.get(), type, found.get(), pickler.names());
}

}  // namespace

bool save_method(StreamState& state, Pickler& pickler, PyObject* method) {
  PyObject* function = read_field<&PyMethodObject::im_func>(method);
  PyObject* self = read_field<&PyMethodObject::im_self>(method);
  PyObject* owner = PyType_Check(self) ? self : as_object(read_type(self));
  if (!PyType_Check(self) &&
      save_module_member(state, pickler, method, ModuleMembers::Kind::kMethod))
    return true;
  // The reduce protocol's form, where the class on the other side has that method.
  if (PyFunction_Check(function) && !state.travels_by_value(pickler, owner) &&
      is_found_as_method(method, owner, pickler))
    return false;
  pickler.before_foreign_code();
  Script script(pickler);
  script.save(reinterpret_cast<PyObject*>(&PyMethod_Type));
  begin_tuple(script, 2);
  script.save(function, Label::kText, pickler.names().func_text)
      .save(self, Label::kText, pickler.names().self_text);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(method).start(method);
  return true;
}

bool save_builtin_function(StreamState& state, Pickler& pickler, PyObject* object) {
  PyObject* self = read_field<&PyCFunctionObject::m_self>(object);
  pickler.before_foreign_code();
  if (state.context().save_known_global(pickler, object)) return true;
  Ref name = checked(PyUnicode_InternFromString(
      read_field<&PyCFunctionObject::m_ml>(object)->ml_name));
  if (self != nullptr && !PyModule_Check(self))
    return save_builtin_method(state, pickler, object, self, name.get());
  PyObject* module = read_field<&PyCFunctionObject::m_module>(object);
  if (module == nullptr || !PyUnicode_Check(module)) return false;
  if (!state.context().policy().is_importable(pickler, object, {module, name.get()}))
    return false;
  pickler.emit_global(object, module, name.get());
  return true;
}

bool save_slot_method(StreamState&, Pickler& pickler, PyObject* method) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  Ref self = read_attribute(method, names.attr_self);
  Ref name = read_attribute(method, names.attr_name);
  Ref definer = read_attribute(method, names.objclass);
  Ref descriptor = Ref::borrow(cpython::read_class_entry(
      reinterpret_cast<PyTypeObject*>(definer.get()), name.get()));
  if (!descriptor || Py_TYPE(descriptor.get()) != &PyWrapperDescr_Type ||
      leads_to(self.get(), name.get(), read_type(self.get()), descriptor.get(), names))
    return false;
  save_bound_descriptor(pickler, method, descriptor.get(), self.get());
  return true;
}

bool save_getset_descriptor(StreamState&, Pickler& pickler, PyObject* descriptor) {
  PyTypeObject* type = PyDescr_TYPE(descriptor);
  if (read_type_lookup(type, PyDescr_NAME(descriptor)) != descriptor) return false;
  save_call(pickler, descriptor, pickler.imported().builtin_getattr,
            {as_object(type), PyDescr_NAME(descriptor)});
  return true;
}

bool save_class_method_descriptor(StreamState&, Pickler& pickler,
                                  PyObject* descriptor) {
  PyTypeObject* type = PyDescr_TYPE(descriptor);
  PyObject* name = PyDescr_NAME(descriptor);
  if (cpython::read_class_entry(type, name) != descriptor) return false;
  pickler.before_foreign_code();
  const cpython::Imported& imported = pickler.imported();
  Script script(pickler);
  script.save(imported.operator_getitem);
  begin_tuple(script, 2);
  write_call(script, imported.builtin_getattr,
             {as_object(type), pickler.names().attr_dict});
  script.save(name);
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(descriptor).start(descriptor);
  return true;
}

}  // namespace cppickle::kinds
