#include "pickling/native_reductions.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "cpython/arrays.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/reads.h"

namespace cppickle::pickling {

using cpython::as_object;
using cpython::checked;
using cpython::Ref;
using Kind = NativeReduction::Kind;

namespace {

constexpr std::size_t kMostDtypes = 16;

// A method written in Python whose answer consists of members.
struct Method {
  const char* module;
  const char* qualname;
  Kind kind;
  const char* members[2];
};
constexpr Method kReduceMethods[] = {
    {"fractions",
     "Fraction.__reduce__",
     Kind::kMembers,
     {"_numerator", "_denominator"}},
    {"pathlib", "PurePath.__reduce__", Kind::kListMember, {cpython::kPathParts}},
    {"pathlib._local", "PurePath.__reduce__", Kind::kListMember, {cpython::kPathParts}},
};
constexpr Method kStateMethods[] = {
    {"uuid", "UUID.__getstate__", Kind::kState, {"int", "is_safe"}},
};

bool is_text(PyObject* object, std::string_view text) {
  return object != nullptr && PyUnicode_CheckExact(object) &&
         PyUnicode_IS_COMPACT_ASCII(object) && cpython::compact_ascii(object) == text;
}

// The namespace of a loaded module, or null.
PyObject* module_dict(const char* name) {
  Ref text = checked(PyUnicode_FromString(name));
  PyObject* module = cpython::loaded_module(text.get());
  return module != nullptr && PyModule_CheckExact(module) ? PyModule_GetDict(module)
                                                          : nullptr;
}

bool is_attribute(PyTypeObject* type, const char* module, const char* name) {
  PyObject* dict = module_dict(module);
  return dict != nullptr && cpython::dict_entry(dict, name) == as_object(type);
}

// True for a function that the module's own file has defined under the name.
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

// The method of the library by which instances answer, or null.
const Method* method_of(PyTypeObject* type, const cpython::Names& names) {
  auto find = [&](const auto& methods, PyObject* name) -> const Method* {
    PyObject* function = cpython::type_lookup(type, name);
    for (const Method& method : methods) {
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
    if (PyTuple_GET_ITEM(constants, i) == own) return true;
  }
  return false;
}

bool is_named_tuple(PyTypeObject* type, const cpython::Names& names) {
  return PyType_IsSubtype(type, &PyTuple_Type) && type->tp_dictoffset == 0 &&
         type->tp_basicsize == PyTuple_Type.tp_basicsize &&
         type->tp_iter == PyTuple_Type.tp_iter &&
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
  const Method* method = method_of(type, names);
  return method == nullptr ? Kind::kNone : method->kind;
}

bool NativeReduction::holds() const {
  if (function && PyFunction_GET_CODE(function.get()) != code.get()) return false;
  return std::ranges::all_of(guards, [](const Guard& guard) {
    return cpython::dict_entry(guard.dict.get(), guard.name.get()) == guard.value.get();
  });
}

const NativeReduction::Dtype* NativeReduction::find(PyObject* dtype) const {
  for (const Dtype& known : dtypes) {
    if (known.dtype.get() == dtype) return &known;
  }
  return nullptr;
}

namespace {

// The parts of an answer that ends with its second or third item.
struct Answer {
  PyObject* callable = nullptr;
  PyObject* arguments = nullptr;
  PyObject* state = Py_None;
  PyObject* items = Py_None;

  explicit Answer(PyObject* value) {
    if (!PyTuple_CheckExact(value)) return;
    Py_ssize_t size = PyTuple_GET_SIZE(value);
    if (size < 2 || !PyTuple_CheckExact(PyTuple_GET_ITEM(value, 1))) return;
    for (Py_ssize_t i = 4; i < size; ++i) {
      if (PyTuple_GET_ITEM(value, i) != Py_None) return;
    }
    callable = PyTuple_GET_ITEM(value, 0);
    arguments = PyTuple_GET_ITEM(value, 1);
    if (size > 2) state = PyTuple_GET_ITEM(value, 2);
    if (size > 3) items = PyTuple_GET_ITEM(value, 3);
  }
  bool is_bare() const { return state == Py_None && items == Py_None; }
  Py_ssize_t count() const { return PyTuple_GET_SIZE(arguments); }
  PyObject* argument(Py_ssize_t i) const { return PyTuple_GET_ITEM(arguments, i); }
};

// copyreg.__newobj__ of a class.
bool is_newobj(const Answer& answer, PyTypeObject* type) {
  PyObject* copyreg = module_dict("copyreg");
  return copyreg != nullptr &&
         cpython::dict_entry(copyreg, "__newobj__") == answer.callable &&
         is_modules_own(answer.callable, "copyreg", "__newobj__") &&
         answer.count() >= 1 && answer.argument(0) == as_object(type);
}

bool add_member(NativeReduction& reduction, PyTypeObject* type, const char* name) {
  Ref text = checked(PyUnicode_InternFromString(name));
  reduction.offsets.push_back(cpython::object_field_offset(type, text.get()));
  return reduction.offsets.back() > 0;
}

bool learn_members(NativeReduction& reduction, PyObject* object, const Answer& answer,
                   const cpython::Names& names) {
  PyTypeObject* type = Py_TYPE(object);
  bool found = true;
  if (const Method* method = method_of(type, names); method != nullptr) {
    for (const char* name : method->members) {
      found = found && (name == nullptr || add_member(reduction, type, name));
    }
  } else {
    for (const char* name : {"start", "stop", "step"})
      found = found && add_member(reduction, type, name);
  }
  if (!found || answer.callable != as_object(type) || !answer.is_bare()) return false;
  if (reduction.kind == Kind::kListMember) {
    PyObject* list = reduction.member(object, 0);
    return list != nullptr && PyList_CheckExact(list) &&
           PyList_GET_SIZE(list) == answer.count() &&
           std::equal(&PyList_GET_ITEM(list, 0),
                      &PyList_GET_ITEM(list, 0) + answer.count(),
                      &PyTuple_GET_ITEM(answer.arguments, 0));
  }
  if (answer.count() != static_cast<Py_ssize_t>(reduction.offsets.size())) return false;
  for (Py_ssize_t i = 0; i < answer.count(); ++i) {
    if (reduction.member(object, static_cast<std::size_t>(i)) != answer.argument(i))
      return false;
  }
  return true;
}

bool learn_items(PyObject* object, const Answer& answer) {
  if (!is_newobj(answer, Py_TYPE(object)) || !answer.is_bare() ||
      answer.count() != 1 + PyTuple_GET_SIZE(object))
    return false;
  for (Py_ssize_t i = 1; i < answer.count(); ++i) {
    if (answer.argument(i) != PyTuple_GET_ITEM(object, i - 1)) return false;
  }
  return true;
}

bool learn_text(PyObject* object, const Answer& answer) {
  if (answer.callable != as_object(Py_TYPE(object)) || !answer.is_bare() ||
      answer.count() != 1 || !PyUnicode_CheckExact(answer.argument(0)))
    return false;
  Ref text = checked(PyObject_Str(object));
  return PyUnicode_CheckExact(text.get()) &&
         PyUnicode_Compare(text.get(), answer.argument(0)) == 0;
}

bool learn_complex(PyObject* object, const Answer& answer) {
  if (answer.callable != as_object(Py_TYPE(object)) || !answer.is_bare() ||
      answer.count() != 2 || !PyFloat_CheckExact(answer.argument(0)) ||
      !PyFloat_CheckExact(answer.argument(1)))
    return false;
  double answered[] = {PyFloat_AS_DOUBLE(answer.argument(0)),
                       PyFloat_AS_DOUBLE(answer.argument(1))};
  double own[] = {PyComplex_RealAsDouble(object), PyComplex_ImagAsDouble(object)};
  return std::memcmp(answered, own, sizeof own) == 0;
}

bool learn_state(NativeReduction& reduction, PyObject* object, const Answer& answer,
                 const cpython::Names& names) {
  PyTypeObject* type = Py_TYPE(object);
  const Method* method = method_of(type, names);
  if (method == nullptr || !add_member(reduction, type, method->members[0]) ||
      !add_member(reduction, type, method->members[1]) || !is_newobj(answer, type) ||
      answer.count() != 1 || answer.items != Py_None ||
      !PyDict_CheckExact(answer.state) || PyDict_GET_SIZE(answer.state) != 1)
    return false;
  Py_ssize_t position = 0;
  PyObject *key, *value;
  PyDict_Next(answer.state, &position, &key, &value);
  if (!PyUnicode_CheckExact(key) || !PyUnicode_CHECK_INTERNED(key) ||
      !is_text(key, method->members[0]) || value != reduction.member(object, 0))
    return false;
  reduction.key = Ref::borrow(key);
  reduction.constant = Ref::borrow(reduction.member(object, 1));
  return static_cast<bool>(reduction.constant);
}

bool learn_deque(PyObject* object, const Answer& answer) {
  return answer.callable == as_object(Py_TYPE(object)) && answer.state == Py_None &&
         (answer.count() == 0 ||
          (answer.count() == 2 && answer.argument(0) != Py_None)) &&
         std::string_view(Py_TYPE(answer.items)->tp_name).ends_with("deque_iterator");
}

// The number types, whose dtypes do not change and hold no objects.
bool is_number_dtype(PyObject* dtype) {
  Ref kind = cpython::own_attribute(dtype, "kind");
  Ref builtin = cpython::own_attribute(dtype, "isbuiltin");
  Ref size = cpython::own_attribute(dtype, "itemsize");
  if (!kind || !builtin || !size || !PyUnicode_CheckExact(kind.get()) ||
      PyUnicode_GET_LENGTH(kind.get()) != 1 || !PyLong_CheckExact(builtin.get()) ||
      !PyLong_CheckExact(size.get()))
    return false;
  constexpr std::string_view kNumbers = "biufc";
  return kNumbers.find(cpython::compact_ascii(kind.get())) != std::string_view::npos &&
         PyLong_AsLong(builtin.get()) == 1;
}

// A call of a function by its name in a module, which has to stay what it is.
bool learn_callable(NativeReduction& reduction, PyObject* callable) {
  Ref module = cpython::own_attribute(callable, "__module__");
  Ref name = cpython::own_attribute(callable, "__name__");
  if (!module || !name || !PyUnicode_CheckExact(module.get()) ||
      !PyUnicode_CheckExact(name.get()))
    return false;
  PyObject* loaded = cpython::loaded_module(module.get());
  if (loaded == nullptr || !PyModule_CheckExact(loaded)) return false;
  PyObject* dict = PyModule_GetDict(loaded);
  if (cpython::dict_entry(dict, name.get()) != callable) return false;
  reduction.callable = Ref::borrow(callable);
  reduction.guards.push_back(
      {Ref::borrow(dict), std::move(name), Ref::borrow(callable)});
  return true;
}

// The dtype in an answer, when what is read of the object is what was answered.
PyObject* dtype_in(Kind kind, PyObject* object, const Answer& answer) {
  if (answer.callable == nullptr || !answer.is_bare()) return nullptr;
  if (kind == Kind::kScalar) {
    if (answer.count() != 2 || !PyBytes_CheckExact(answer.argument(1))) return nullptr;
    std::string_view data = cpython::bytes_view(answer.argument(1));
    // Bytes of one character are shared.
    bool same = data.size() > 1 && cpython::scalar_bytes(object, data.size()) == data;
    return same ? answer.argument(0) : nullptr;
  }
  if (answer.count() != 4 || !PyPickleBuffer_Check(answer.argument(0)) ||
      !PyTuple_CheckExact(answer.argument(2)))
    return nullptr;
  const Py_buffer* buffer = PyPickleBuffer_GetBuffer(answer.argument(0));
  if (buffer == nullptr) throw cpython::ErrorSet{};
  cpython::ArrayView view = cpython::array_view(object);
  bool same = view.data == buffer->buf && view.dtype == answer.argument(1) &&
              view.shape.size() ==
                  static_cast<std::size_t>(PyTuple_GET_SIZE(answer.argument(2))) &&
              view.writeable == (buffer->readonly == 0) && buffer->itemsize > 0 &&
              view.bytes(static_cast<std::size_t>(buffer->itemsize)).size() ==
                  static_cast<std::size_t>(buffer->len) &&
              is_text(answer.argument(3), view.c_contiguous ? "C" : "F");
  for (std::size_t i = 0; same && i < view.shape.size(); ++i) {
    PyObject* length = PyTuple_GET_ITEM(answer.argument(2), static_cast<Py_ssize_t>(i));
    same = PyLong_CheckExact(length) && PyLong_AsSsize_t(length) == view.shape[i];
  }
  return same ? view.dtype : nullptr;
}

// The globals that a function names, and that it names some which are not there.
void add_guards(NativeReduction& reduction, PyObject* function) {
  reduction.function = Ref::borrow(function);
  reduction.code = Ref::borrow(PyFunction_GET_CODE(function));
  PyObject* globals = PyFunction_GET_GLOBALS(function);
  PyObject* used = reinterpret_cast<PyCodeObject*>(reduction.code.get())->co_names;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(used); ++i) {
    PyObject* name = PyTuple_GET_ITEM(used, i);
    reduction.guards.push_back({Ref::borrow(globals), Ref::borrow(name),
                                Ref::borrow(cpython::dict_entry(globals, name))});
  }
}

// The function written in Python that answers, or null.
PyObject* answering(Kind kind, PyTypeObject* type, const cpython::Names& names) {
  switch (kind) {
    case Kind::kItems:
      return cpython::type_lookup(type, names.getnewargs);
    case Kind::kState:
      return cpython::type_lookup(type, names.getstate);
    default: {
      PyObject* reduce = cpython::type_lookup(type, names.reduce);
      return reduce != nullptr && PyFunction_Check(reduce) ? reduce : nullptr;
    }
  }
}

bool learn(NativeReduction& reduction, PyObject* object, const Answer& answer,
           const cpython::Names& names) {
  switch (reduction.kind) {
    case Kind::kNone:
      return false;
    case Kind::kMembers:
    case Kind::kListMember:
      return learn_members(reduction, object, answer, names);
    case Kind::kItems:
      return learn_items(object, answer);
    case Kind::kText:
      return learn_text(object, answer);
    case Kind::kComplex:
      return learn_complex(object, answer);
    case Kind::kState:
      return learn_state(reduction, object, answer, names);
    case Kind::kDeque:
      return learn_deque(object, answer);
    case Kind::kScalar:
    case Kind::kArray:
      return dtype_in(reduction.kind, object, answer) != nullptr &&
             learn_callable(reduction, answer.callable);
  }
  return false;
}

}  // namespace

NativeReduction learned_reduction(Kind kind, PyObject* object, PyObject* value,
                                  PyObject* reducer, const cpython::Names& names) {
  NativeReduction reduction;
  bool of_copyreg =
      reducer != nullptr && is_modules_own(reducer, "copyreg", "pickle_complex");
  if (of_copyreg != (kind == Kind::kComplex) || (reducer != nullptr && !of_copyreg))
    return reduction;
  Answer answer(value);
  reduction.kind = kind;
  if (answer.callable == nullptr || !learn(reduction, object, answer, names))
    return NativeReduction();
  PyObject* function = of_copyreg ? reducer : answering(kind, Py_TYPE(object), names);
  if (function != nullptr) add_guards(reduction, function);
  learn_dtype(reduction, object, value);
  return reduction;
}

void learn_dtype(NativeReduction& reduction, PyObject* object, PyObject* value) {
  if (reduction.kind != Kind::kScalar && reduction.kind != Kind::kArray) return;
  Answer answer(value);
  PyObject* dtype = dtype_in(reduction.kind, object, answer);
  if (dtype == nullptr || answer.callable != reduction.callable.get() ||
      reduction.find(dtype) != nullptr || reduction.dtypes.size() == kMostDtypes ||
      !is_number_dtype(dtype))
    return;
  Ref size = cpython::own_attribute(dtype, "itemsize");
  reduction.dtypes.push_back(
      {Ref::borrow(dtype), static_cast<std::size_t>(PyLong_AsLong(size.get()))});
}

}  // namespace cppickle::pickling
