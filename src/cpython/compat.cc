#include "cpython/compat.h"

#include <structmember.h>

#include <utility>

#include "cpython/dicts.h"

namespace cppickle::cpython {

#if PY_VERSION_HEX >= 0x030d0000
namespace {

Py_ssize_t checked_size(Py_ssize_t size) {
  if (size < 0) throw ErrorSet{};
  return size;
}

}  // namespace
#endif

Ref lookup_attribute(PyObject* object, PyObject* name) {
  PyObject* value = nullptr;
#if PY_VERSION_HEX >= 0x030d0000
  checked_status(PyObject_GetOptionalAttr(object, name, &value));
#else
  checked_status(_PyObject_LookupAttr(object, name, &value));
#endif
  return Ref::steal(value);
}

Ref call_method(PyObject* object, PyObject* name, PyObject* argument) {
  PyObject* arguments[] = {object, argument};
  std::size_t count = argument == nullptr ? 1 : 2;
  return checked(PyObject_VectorcallMethod(name, arguments, count, nullptr));
}

namespace {

bool has_only_str_names(PyTypeObject* type) {
  PyObject* mro = type->tp_mro;
  for (Py_ssize_t i = 0; mro != nullptr && i < PyTuple_GET_SIZE(mro); ++i) {
    auto base = reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(mro, i));
    bool is_made = (base->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
    if (is_made && !has_str_keys(type_dict(base))) return false;
  }
  return true;
}

}  // namespace

PyObject* type_lookup(PyTypeObject* type, PyObject* name) {
  if (has_only_str_names(type)) [[likely]]
    return _PyType_Lookup(type, name);
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(type->tp_mro); ++i) {
    PyObject* base = PyTuple_GET_ITEM(type->tp_mro, i);
    PyObject* dict = type_dict(reinterpret_cast<PyTypeObject*>(base));
    if (PyObject* found = dict_entry(dict, name)) return found;
  }
  return nullptr;
}

PyObject* type_dict(PyTypeObject* type) {
#if PY_VERSION_HEX >= 0x030c0000
  // Static builtin types keep their namespace per interpreter from 3.12 on; it lives as
  // long as the type does.
  PyObject* dict = PyType_GetDict(type);
  Py_XDECREF(dict);
  return dict;
#else
  return type->tp_dict;
#endif
}

bool is_objects_own(PyTypeObject* type, PyObject* name) {
  return type_lookup(type, name) == type_lookup(&PyBaseObject_Type, name);
}

#if PY_VERSION_HEX < 0x030b0000

// sys._clear_type_cache() lets the tags of types begin anew, so that an old tag comes
// back for another state.  Those of dicts do not: what the dicts of the MRO hold tells
// all that a tag does.
std::uint64_t type_version(PyTypeObject* type) {
  PyObject* mro = type->tp_mro;
  std::uint64_t version = 1;
  for (Py_ssize_t i = 0; mro != nullptr && i < PyTuple_GET_SIZE(mro); ++i) {
    auto base = reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(mro, i));
    std::uint64_t tag = dict_version(base->tp_dict);
    version = (version ^ tag) * 0x9E3779B97F4A7C15u;
  }
  return version | 1;
}

#else

std::uint64_t type_version(PyTypeObject* type) {
  // A look-up is what gives a type its tag.
  if (type_tag(type) == 0 && (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0 &&
      has_only_str_names(type)) {
    _PyType_Lookup(type, reinterpret_cast<PyHeapTypeObject*>(type)->ht_name);
  }
  return type_tag(type);
}

#endif

bool object_member_offset(PyTypeObject* type, PyObject* descriptor,
                          Py_ssize_t& offset) {
  if (Py_TYPE(descriptor) != &PyMemberDescr_Type ||
      !PyType_IsSubtype(type, PyDescr_TYPE(descriptor)))
    return false;
  const PyMemberDef* member =
      reinterpret_cast<PyMemberDescrObject*>(descriptor)->d_member;
  offset = member->offset;
  return member->type == T_OBJECT_EX && (member->flags & READONLY) == 0;
}

Py_ssize_t object_field_offset(PyTypeObject* type, PyObject* name) {
  PyObject* descriptor = type_lookup(type, name);
  if (descriptor == nullptr || Py_TYPE(descriptor) != &PyMemberDescr_Type ||
      !PyType_IsSubtype(type, PyDescr_TYPE(descriptor)))
    return -1;
  const PyMemberDef* member =
      reinterpret_cast<PyMemberDescrObject*>(descriptor)->d_member;
  bool holds_object = member->type == T_OBJECT_EX || member->type == T_OBJECT;
  return holds_object ? member->offset : -1;
}

Ref instance_dict(PyObject* object) {
  PyObject* dict = PyObject_GenericGetDict(object, nullptr);
  if (dict == nullptr) {
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) throw ErrorSet{};
    PyErr_Clear();
  }
  return Ref::steal(dict);
}

PyObject* implied_doc(PyObject* code) {
  auto object = reinterpret_cast<PyCodeObject*>(code);
#if PY_VERSION_HEX >= 0x030e0000
  if ((object->co_flags & CO_HAS_DOCSTRING) == 0) return Py_None;
#endif
  if (PyTuple_GET_SIZE(object->co_consts) == 0) return Py_None;
  PyObject* first = PyTuple_GET_ITEM(object->co_consts, 0);
  return PyUnicode_Check(first) ? first : Py_None;
}

PyObject* builtin_member(PyObject* object, PyTypeObject& type, std::string_view name) {
  for (const PyMemberDef* member = type.tp_members; member->name != nullptr; ++member) {
    if (member->name != name) continue;
    auto place = reinterpret_cast<char*>(object) + member->offset;
    PyObject* value = *reinterpret_cast<PyObject**>(place);
    return value == nullptr ? Py_None : value;
  }
  raise_format(PyExc_SystemError, "%s has no member %s", type.tp_name, name.data());
}

PyObject* function_type_params(PyObject* function) {
#if PY_VERSION_HEX >= 0x030c0000
  return reinterpret_cast<PyFunctionObject*>(function)->func_typeparams;
#else
  (void)function;
  return nullptr;
#endif
}

PyObject* function_annotate(PyObject* function) {
#if PY_VERSION_HEX >= 0x030e0000
  return reinterpret_cast<PyFunctionObject*>(function)->func_annotate;
#else
  (void)function;
  return nullptr;
#endif
}

PyObject* function_annotations(PyObject* function) {
  if (reinterpret_cast<PyFunctionObject*>(function)->func_annotations == nullptr)
    return nullptr;
  PyObject* annotations = checked_lookup(PyFunction_GetAnnotations(function));
  return annotations != nullptr && PyDict_GET_SIZE(annotations) != 0 ? annotations
                                                                     : nullptr;
}

PyObject* proxied_mapping(PyObject* proxy) {
  struct Layout {  // Objects/descrobject.c: mappingproxyobject
    PyObject_HEAD PyObject* mapping;
  };
  return reinterpret_cast<Layout*>(proxy)->mapping;
}

PyObject* class_qualname(PyTypeObject* type) {
  bool heap = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
  return heap ? reinterpret_cast<PyHeapTypeObject*>(type)->ht_qualname : nullptr;
}

Ref type_name(PyObject* object) {
#if PY_VERSION_HEX >= 0x030d0000
  return checked(PyType_GetFullyQualifiedName(Py_TYPE(object)));
#else
  auto type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  Ref name = checked(PyObject_GetAttrString(type, "__qualname__"));
  Ref module = checked(PyObject_GetAttrString(type, "__module__"));
  bool known = PyUnicode_Check(module.get()) &&
               PyUnicode_CompareWithASCIIString(module.get(), "builtins") != 0 &&
               PyUnicode_CompareWithASCIIString(module.get(), "__main__") != 0;
  if (!known) return name;
  return checked(PyUnicode_FromFormat("%U.%S", module.get(), name.get()));
#endif
}

// type.__new__ gives its classes subtype_dealloc, which is not exported; an exception
// class made by the C API's own class statement has it too.
bool is_python_class(PyTypeObject* type) {
  if ((type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0) return false;
  static const destructor subtype_dealloc = [] {
    Ref made = checked(PyErr_NewException("cppickle.Probe", nullptr, nullptr));
    return reinterpret_cast<PyTypeObject*>(made.get())->tp_dealloc;
  }();
  if (type->tp_dealloc != subtype_dealloc) return false;
  // Those of PyType_FromSpec have a copy of their full name.
  PyObject* name = reinterpret_cast<PyHeapTypeObject*>(type)->ht_name;
  if (PyUnicode_IS_COMPACT_ASCII(name))
    return type->tp_name == compact_ascii(name).data();
  return type->tp_name == PyUnicode_AsUTF8(name);
}

std::vector<Ref> referents(PyObject* object) {
  std::vector<Ref> found;
  PyTypeObject* type = Py_TYPE(object);
  if (type->tp_traverse == nullptr) return found;
  auto note = [](PyObject* referent, void* list) {
    auto held = static_cast<std::vector<Ref>*>(list);
    // No exception may pass through the type's own code, so no more than fit.
    if (held->size() < held->capacity()) held->push_back(Ref::borrow(referent));
    return 0;
  };
  constexpr std::size_t kMostReferents = 16;
  found.reserve(kMostReferents);
  type->tp_traverse(object, note, &found);
  std::erase_if(found, [type](const Ref& referent) {
    return referent.get() == reinterpret_cast<PyObject*>(type);
  });
  return found;
}

Ref weakly_referenced(PyObject* weak) {
#if PY_VERSION_HEX >= 0x030d0000
  PyObject* object = nullptr;
  checked_status(PyWeakref_GetRef(weak, &object));
  return Ref::steal(object);
#else
  PyObject* object = PyWeakref_GetObject(weak);
  if (object == nullptr) throw ErrorSet{};
  return Ref::borrow(object == Py_None ? nullptr : object);
#endif
}

std::string_view utf8_view(PyObject* text) {
  Py_ssize_t size;
  const char* utf8 = PyUnicode_AsUTF8AndSize(text, &size);
  if (utf8 == nullptr) throw ErrorSet{};
  return {utf8, static_cast<std::size_t>(size)};
}

void resize_bytes(Ref& bytes, Py_ssize_t size) {
  PyObject* resized = bytes.release();
  checked_status(_PyBytes_Resize(&resized, size));
  bytes = Ref::steal(resized);
}

std::size_t long_byte_count(PyObject* value) {
#if PY_VERSION_HEX >= 0x030d0000
  return static_cast<std::size_t>(
      checked_size(PyLong_AsNativeBytes(value, nullptr, 0, -1)));
#else
  std::size_t bits = _PyLong_NumBits(value);
  if (bits == static_cast<std::size_t>(-1) && PyErr_Occurred()) throw ErrorSet{};
  return (bits >> 3) + 1;
#endif
}

void long_as_bytes(PyObject* value, char* out, std::size_t count) {
#if PY_VERSION_HEX >= 0x030d0000
  checked_size(PyLong_AsNativeBytes(value, out, static_cast<Py_ssize_t>(count),
                                    Py_ASNATIVEBYTES_LITTLE_ENDIAN));
#else
  auto bytes = reinterpret_cast<unsigned char*>(out);
  checked_status(
      _PyLong_AsByteArray(reinterpret_cast<PyLongObject*>(value), bytes, count, 1, 1));
#endif
}

std::string_view bytecode_magic() {
  static const long number = PyImport_GetMagicNumber();
  return {reinterpret_cast<const char*>(&number), 4};
}

Ref take_raised() {
#if PY_VERSION_HEX >= 0x030c0000
  return Ref::steal(PyErr_GetRaisedException());
#else
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr && value != nullptr)
    PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return Ref::steal(value);
#endif
}

void set_raised(Ref exception) {
#if PY_VERSION_HEX >= 0x030c0000
  PyErr_SetRaisedException(exception.release());
#else
  PyObject* value = exception.release();
  PyErr_Restore(Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(value))), value,
                PyException_GetTraceback(value));
#endif
}

void CollectorPause::begin() {
#if PY_VERSION_HEX < 0x030c0000
  if (!begun_) disabled_ = PyGC_Disable() != 0;
#endif
  begun_ = true;
}

void CollectorPause::end() {
  begun_ = false;
  if (std::exchange(disabled_, false)) PyGC_Enable();
}

PyObject* local_object_error(PyObject* pickling_error) {
#if PY_VERSION_HEX >= 0x030e0000
  return pickling_error;
#else
  (void)pickling_error;
  return PyExc_AttributeError;
#endif
}

PyObject* loaded_module(PyObject* name) {
  PyObject* modules = loaded_modules();
  if (!PyDict_Check(modules)) return nullptr;
  PyObject* module = dict_entry(modules, name);
  return module == Py_None ? nullptr : module;
}

PyObject* loaded_modules() { return PyImport_GetModuleDict(); }

}  // namespace cppickle::cpython
