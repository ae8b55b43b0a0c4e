#include "kinds/ctypes_classes.h"

#include <string_view>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/script.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using cpython::checked;
using cpython::Names;
using cpython::Ref;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::end_tuple;
using stream::save_call;
using stream::write_global;

namespace {

PyTypeObject* as_type(PyObject* object) {
  return reinterpret_cast<PyTypeObject*>(object);
}

// _ctypes.c; "_ctypes.PyCArrayType" for example.
bool has_metaclass(PyTypeObject* type, std::string_view name) {
  return cpython::read_builtin_base(cpython::read_type(cpython::as_object(type)))
             ->tp_name == name;
}

Ref own_attribute(PyTypeObject* type, PyObject* name) {
  return Ref::borrow(cpython::read_class_entry(type, name));
}

bool save_array(Pickler& pickler, PyTypeObject* type, PyObject* cls) {
  const Names& names = pickler.names();
  Ref item = own_attribute(type, names.ctype_item);
  Ref length = own_attribute(type, names.ctype_length);
  if (!item || !length) return false;
  Ref made = checked(PyNumber_Multiply(item.get(), length.get()));
  if (made.get() != cls) return false;
  save_call(pickler, cls, pickler.imported().operator_mul, {item.get(), length.get()});
  return true;
}

// Some versions have it from _ctypes; to import ctypes afterwards makes that forget the
// pointer types.
void write_pointer_maker(Script& script, PyObject* pointer_to) {
  const Names& names = script.pickler().names();
  write_global(script, names.ctypes, names.pointer_to);
  script.memoize(pointer_to);
}

bool save_pointer(Pickler& pickler, PyTypeObject* type, PyObject* cls) {
  const Names& names = pickler.names();
  Ref target = own_attribute(type, names.ctype_item);
  PyObject* ctypes = cpython::read_loaded_module(names.ctypes);
  if (!target || ctypes == nullptr) return false;
  pickler.before_foreign_code();
  Ref pointer_to = cpython::read_attribute(ctypes, names.pointer_to);
  Ref made = checked(PyObject_CallOneArg(pointer_to.get(), target.get()));
  if (made.get() != cls) return false;
  Script script(pickler);
  script.get_or_write(pointer_to.get(), write_pointer_maker, pointer_to.get());
  begin_tuple(script, 1);
  script.save(target.get());
  end_tuple(script, 1);
  script.op(core::Opcode::REDUCE).memoize(cls).start(cls);
  return true;
}

// A simple type of the other byte order knows the one of this machine's.
bool save_swapped(Pickler& pickler, PyObject* cls) {
  const Names& names = pickler.names();
  Ref native = cpython::read_attribute_or_none(cls, names.ctype_le);
  if (!native || native.get() == cls) return false;
  Ref swapped = cpython::read_attribute_or_none(native.get(), names.ctype_be);
  if (swapped.get() != cls) return false;
  save_call(pickler, cls, pickler.imported().builtin_getattr,
            {native.get(), names.ctype_be});
  return true;
}

}  // namespace

bool save_made_ctypes_class(Pickler& pickler, PyObject* cls) {
  PyTypeObject* type = as_type(cls);
  if (has_metaclass(type, "_ctypes.PyCArrayType"))
    return save_array(pickler, type, cls);
  if (has_metaclass(type, "_ctypes.PyCPointerType"))
    return save_pointer(pickler, type, cls);
  return has_metaclass(type, "_ctypes.PyCSimpleType") && save_swapped(pickler, cls);
}

}  // namespace cppickle::kinds
