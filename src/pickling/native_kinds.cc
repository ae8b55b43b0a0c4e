#include "pickling/native_kinds.h"

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"

namespace cppickle::pickling {

using cpython::as_object;
using cpython::checked;
using cpython::Ref;
using Kind = NativeKind;

namespace {

constexpr LibraryMethod kReduceMethods[] = {
    {"fractions",
     "Fraction.__reduce__",
     Kind::kMembers,
     {"_numerator", "_denominator"}},
    {"pathlib", "PurePath.__reduce__", Kind::kListMember, {cpython::kPathParts}},
    {"pathlib._local", "PurePath.__reduce__", Kind::kListMember, {cpython::kPathParts}},
};
constexpr LibraryMethod kStateMethods[] = {
    {"uuid", "UUID.__getstate__", Kind::kState, {"int", "is_safe"}},
};

}  // namespace

bool is_text(PyObject* object, std::string_view text) {
  return object != nullptr && PyUnicode_CheckExact(object) &&
         PyUnicode_IS_COMPACT_ASCII(object) && cpython::compact_ascii(object) == text;
}

PyObject* module_dict(PyObject* name) {
  PyObject* module = cpython::loaded_module(name);
  return module != nullptr && PyModule_CheckExact(module) ? PyModule_GetDict(module)
                                                          : nullptr;
}

PyObject* module_dict(const char* name) {
  return module_dict(checked(PyUnicode_FromString(name)).get());
}

bool is_modules_own(PyObject* function, const char* module, const char* qualname) {
  if (function == nullptr || !PyFunction_Check(function)) return false;
  PyObject* dict = PyFunction_GET_GLOBALS(function);
  if (!is_text(reinterpret_cast<PyFunctionObject*>(function)->func_qualname,
               qualname) ||
      dict != module_dict(module))
    return false;
  PyObject* file = cpython::dict_entry(dict, "__file__");
  PyObject* code = PyFunction_GET_CODE(function);
  return file != nullptr && PyUnicode_CheckExact(file) &&
         PyUnicode_Compare(file, reinterpret_cast<PyCodeObject*>(code)->co_filename) ==
             0;
}

const LibraryMethod* method_of(PyTypeObject* type, const cpython::Names& names) {
  auto find = [&](const auto& methods, PyObject* name) -> const LibraryMethod* {
    PyObject* function = cpython::type_lookup(type, name);
    for (const LibraryMethod& method : methods) {
      if (method.members[0] != nullptr &&
          is_modules_own(function, method.module, method.qualname))
        return &method;
    }
    return nullptr;
  };
  if (!cpython::is_objects_own(type, names.reduce))
    return find(kReduceMethods, names.reduce);
  if (!cpython::is_objects_own(type, names.getnewargs) ||
      !cpython::is_objects_own(type, names.getnewargs_ex))
    return nullptr;
  return find(kStateMethods, names.getstate);
}

namespace {

bool is_attribute(PyTypeObject* type, const char* module, const char* name) {
  PyObject* dict = module_dict(module);
  return dict != nullptr && cpython::dict_entry(dict, name) == as_object(type);
}

// A function whose free variables are all `tuple`.
bool stands_on_tuple(PyObject* function) {
  PyObject* closure = PyFunction_GET_CLOSURE(function);
  if (closure == nullptr) return false;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(closure); ++i) {
    if (PyCell_GET(PyTuple_GET_ITEM(closure, i)) != as_object(&PyTuple_Type))
      return false;
  }
  return true;
}

// __getnewargs__ of all named tuples is made of one code object.
bool is_namedtuples_method(PyObject* function) {
  PyObject* collections = module_dict("collections");
  if (function == nullptr || !PyFunction_Check(function) || collections == nullptr)
    return false;
  PyObject* maker = cpython::dict_entry(collections, "namedtuple");
  if (!is_modules_own(maker, "collections", "namedtuple")) return false;
  auto code = reinterpret_cast<PyCodeObject*>(PyFunction_GET_CODE(maker));
  PyObject* constants = code->co_consts;
  PyObject* own = PyFunction_GET_CODE(function);
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(constants); ++i) {
    if (PyTuple_GET_ITEM(constants, i) == own) return stands_on_tuple(function);
  }
  return false;
}

bool is_named_tuple(PyTypeObject* type, const cpython::Names& names) {
  return PyType_IsSubtype(type, &PyTuple_Type) && type->tp_dictoffset == 0 &&
         type->tp_basicsize == PyTuple_Type.tp_basicsize &&
         type->tp_iter == PyTuple_Type.tp_iter &&
         type->tp_as_sequence->sq_length == PyTuple_Type.tp_as_sequence->sq_length &&
         cpython::is_objects_own(type, names.reduce) &&
         cpython::is_objects_own(type, names.getstate) &&
         cpython::is_objects_own(type, names.getnewargs_ex) &&
         is_namedtuples_method(cpython::type_lookup(type, names.getnewargs));
}

// True when what str() answers is the type's own C function.
bool has_own_text(PyTypeObject* type) {
  Ref name = checked(PyUnicode_InternFromString("__str__"));
  PyObject* method = cpython::type_lookup(type, name.get());
  return method != nullptr && Py_TYPE(method) == &PyWrapperDescr_Type &&
         PyDescr_TYPE(method) == type;
}

bool is_numpy_scalar(PyTypeObject* type) {
  if ((type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0) return false;
  PyObject* numpy = module_dict("numpy");
  PyObject* generic =
      numpy != nullptr ? cpython::dict_entry(numpy, "generic") : nullptr;
  return generic != nullptr && PyType_Check(generic) &&
         PyType_IsSubtype(type, reinterpret_cast<PyTypeObject*>(generic));
}

Kind kind_of_c_type(PyTypeObject* type) {
  std::string_view name = type->tp_name;
  if (type == &PyRange_Type || type == &PySlice_Type) return Kind::kMembers;
  if (type == &PyComplex_Type) return Kind::kComplex;
  if (name == "collections.deque" && is_attribute(type, "_collections", "deque"))
    return Kind::kDeque;
  if (name == "decimal.Decimal" && is_attribute(type, "_decimal", "Decimal") &&
      has_own_text(type))
    return Kind::kText;
  if (name == "numpy.ndarray" && is_attribute(type, "numpy", "ndarray"))
    return Kind::kArray;
  if (name.starts_with("numpy.") && is_numpy_scalar(type)) return Kind::kScalar;
  return Kind::kNone;
}

}  // namespace

Kind native_kind(PyTypeObject* type, const cpython::Names& names) {
  if (!cpython::is_python_class(type)) return kind_of_c_type(type);
  if (type->tp_getattro != PyObject_GenericGetAttr || type->tp_dictoffset != 0 ||
      !cpython::is_objects_own(type, names.reduce_ex) ||
      !cpython::is_objects_own(type, names.attr_class))
    return Kind::kNone;
  if (is_named_tuple(type, names)) return Kind::kItems;
  const LibraryMethod* method = method_of(type, names);
  return method == nullptr ? Kind::kNone : method->kind;
}

}  // namespace cppickle::pickling
