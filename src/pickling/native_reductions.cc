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
using Kind = NativeKind;

namespace {

constexpr std::size_t kMostDtypes = 16;
constexpr const char* kNumpyModules[] = {
    "numpy.core.multiarray",  "numpy.core._multiarray_umath",  "numpy.core.numeric",
    "numpy._core.multiarray", "numpy._core._multiarray_umath", "numpy._core.numeric"};

}  // namespace

const NativeReduction::Dtype* NativeReduction::find(PyObject* dtype) const {
  for (const Dtype& known : dtypes) {
    if (known.dtype.get() == dtype) return &known;
  }
  return nullptr;
}

bool NativeReduction::knows(PyObject* object) const {
  switch (kind) {
    case Kind::kNone:
      return false;
    case Kind::kScalar:
      return !dtypes.empty();
    case Kind::kArray:
      return find(cpython::array_view(object).dtype) != nullptr;
    default:
      return true;
  }
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

// copyreg.__newobj__ of a class, which object.__reduce_ex__ takes from the module.
bool learn_newobj(NativeReduction& reduction, const Answer& answer,
                  PyTypeObject* type) {
  Ref module = checked(PyUnicode_InternFromString("copyreg"));
  Ref name = checked(PyUnicode_InternFromString("__newobj__"));
  PyObject* copyreg = module_dict(module.get());
  return copyreg != nullptr &&
         cpython::dict_entry(copyreg, name.get()) == answer.callable &&
         is_modules_own(answer.callable, "copyreg", "__newobj__") &&
         answer.count() >= 1 && answer.argument(0) == as_object(type) &&
         reduction.watched.add_global(module.get(), name.get());
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
  if (const LibraryMethod* method = method_of(type, names); method != nullptr) {
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

bool learn_items(NativeReduction& reduction, PyObject* object, const Answer& answer) {
  if (!learn_newobj(reduction, answer, Py_TYPE(object)) || !answer.is_bare() ||
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
  const LibraryMethod* method = method_of(type, names);
  if (method == nullptr || !add_member(reduction, type, method->members[0]) ||
      !add_member(reduction, type, method->members[1]) ||
      !learn_newobj(reduction, answer, type) || answer.count() != 1 ||
      answer.items != Py_None || !PyDict_CheckExact(answer.state) ||
      PyDict_GET_SIZE(answer.state) != 1)
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

// A call of a function of numpy's by its name in a module, which has to stay what it
// is, there and where numpy takes it from.
bool learn_callable(NativeReduction& reduction, PyObject* callable) {
  bool is_plain = PyCFunction_CheckExact(callable) || PyFunction_Check(callable);
  if (!is_plain) return false;
  Ref module = cpython::own_attribute(callable, "__module__");
  Ref name = cpython::own_attribute(callable, "__name__");
  if (!module || !name || !PyUnicode_CheckExact(module.get()) ||
      !PyUnicode_CheckExact(name.get()))
    return false;
  PyObject* dict = module_dict(module.get());
  if (dict == nullptr || cpython::dict_entry(dict, name.get()) != callable)
    return false;
  reduction.callable = Ref::borrow(callable);
  reduction.watched.add_global(module.get(), name.get());
  for (const char* source : kNumpyModules)
    reduction.watched.add_global(checked(PyUnicode_FromString(source)).get(),
                                 name.get());
  return true;
}

// The dtype in an answer, when what is read of the object is what was answered.
PyObject* dtype_in(Kind kind, PyObject* object, const Answer& answer) {
  if (answer.callable == nullptr || !answer.is_bare()) return nullptr;
  if (kind == Kind::kScalar) {
    if (answer.count() != 2 || !PyBytes_CheckExact(answer.argument(1))) return nullptr;
    std::string_view data = cpython::bytes_view(answer.argument(1));
    // Bytes of one character are shared.
    bool same = data.size() > 1 &&
                data.size() <= cpython::scalar_room(Py_TYPE(object)) &&
                cpython::scalar_bytes(object, data.size()) == data;
    return same ? answer.argument(0) : nullptr;
  }
  if (answer.count() != 4 || !PyPickleBuffer_Check(answer.argument(0)) ||
      !PyTuple_CheckExact(answer.argument(2)))
    return nullptr;
  const Py_buffer* buffer = PyPickleBuffer_GetBuffer(answer.argument(0));
  if (buffer == nullptr) {  // somebody has released it
    PyErr_Clear();
    return nullptr;
  }
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
      return learn_items(reduction, object, answer);
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
  // What made it one may have changed since.
  if (native_kind(Py_TYPE(object), names) != kind) return reduction;
  Answer answer(value);
  reduction.kind = kind;
  if (answer.callable == nullptr || !learn(reduction, object, answer, names))
    return NativeReduction();
  reduction.reducer = Ref::borrow(reducer);
  PyObject* function = of_copyreg ? reducer : answering(kind, Py_TYPE(object), names);
  if (function != nullptr && !reduction.watched.add_function(function))
    return NativeReduction();
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
