#include "stream/fingerprint.h"

#include <algorithm>

#include "bytecode/code_info.h"
#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "parts/class_parts.h"
#include "policy/policy.h"

namespace cppickle::stream {

using bytecode::CodeInfo;
using cpython::checked;
using cpython::IdentityMap;
using cpython::Ref;
using parts::attributes_of_class;
using parts::ClassAttribute;
using parts::ClassName;
using parts::name_of_class;
using policy::GlobalName;

namespace {

constexpr std::size_t kDeepest = 60;  // levels; what lies deeper does not count
constexpr std::size_t kLongText =
    1 << 20;  // bytes; from here on tuples are told by identity too

}  // namespace

void Fingerprint::add(PyObject* object) {
  if (object == nullptr) return text_.push_back('0');
  if (object == root_) return text_.push_back('@');
  if (is_namespace_of_root(object)) return text_.push_back('#');
  if (add_scalar(object)) return;
  // Whether two equal tuples are one object is chance; of everything else the sharing
  // counts.
  bool shares = !PyTuple_CheckExact(object) || text_.size() > kLongText;
  if (shares) {
    auto number = static_cast<IdentityMap::Number>(kept_.size());
    if (!seen_.add(object, number)) {
      text_.push_back('&');
      return add_size(*seen_.find(object));
    }
    kept_.push_back(Ref::borrow(object));
  }
  if (++depth_ <= kDeepest && !add_container(object)) add_instance(object);
  --depth_;
}

// Functions that make annotations refer to the class's namespace, after a reload by a
// proxy.
bool Fingerprint::is_namespace_of_root(PyObject* object) const {
  if (!PyType_Check(root_)) return false;
  if (Py_TYPE(object) == &PyDictProxy_Type) object = cpython::proxied_mapping(object);
  return object == cpython::type_dict(reinterpret_cast<PyTypeObject*>(root_));
}

void Fingerprint::add_bytes(char tag, std::string_view bytes) {
  text_.push_back(tag);
  add_size(bytes.size());
  text_.append(bytes);
}

void Fingerprint::add_str(PyObject* text) {
  auto length =
      static_cast<std::size_t>(PyUnicode_GET_LENGTH(text)) * PyUnicode_KIND(text);
  add_bytes('s', {static_cast<const char*>(PyUnicode_DATA(text)), length});
}

void Fingerprint::add_int(PyObject* number) {
  std::string bytes(cpython::long_byte_count(number), '\0');
  cpython::long_as_bytes(number, bytes.data(), bytes.size());
  add_bytes('i', bytes);
}

// Values without identity.
bool Fingerprint::add_scalar(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyUnicode_Type) {
    add_str(object);
  } else if (type == &PyLong_Type) {
    add_int(object);
  } else if (type == &PyBytes_Type) {
    add_bytes('b', cpython::bytes_view(object));
  } else if (type == &PyFloat_Type) {
    double value = PyFloat_AS_DOUBLE(object);
    add_bytes('f', {reinterpret_cast<const char*>(&value), sizeof value});
  } else if (PyType_Check(object)) {
    add_type_name(reinterpret_cast<PyTypeObject*>(object));
  } else if (object == Py_None || type == &PyBool_Type || object == Py_Ellipsis ||
             object == Py_NotImplemented) {
    text_.push_back(object == Py_None    ? 'N'
                    : object == Py_True  ? 'T'
                    : object == Py_False ? 'F'
                                         : 'E');
  } else {
    return false;
  }
  return true;
}

bool Fingerprint::add_container(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyTuple_Type || type == &PyList_Type) {
    has_mutable_ = has_mutable_ || type == &PyList_Type;
    text_.push_back(type == &PyTuple_Type ? '(' : '[');
    add_size(static_cast<std::size_t>(PySequence_Fast_GET_SIZE(object)));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(object); ++i)
      add(PySequence_Fast_GET_ITEM(object, i));
  } else if (type == &PyDict_Type) {
    has_mutable_ = true;
    add_dict(object);
  } else if (type == &PySet_Type || type == &PyFrozenSet_Type) {
    has_mutable_ = has_mutable_ || type == &PySet_Type;
    add_set(object);
  } else if (type == &PyFunction_Type) {
    add_function(object);
  } else if (type == &PyCell_Type) {
    text_.push_back('c');
    add(PyCell_GET(object));
  } else if (type == &PyStaticMethod_Type || type == &PyClassMethod_Type ||
             type == &PyProperty_Type) {
    add_wrapper(object);
  } else {
    return false;
  }
  return true;
}

void Fingerprint::add_dict(PyObject* dict) {
  text_.push_back('{');
  add_size(static_cast<std::size_t>(PyDict_GET_SIZE(dict)));
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &position, &key, &value)) {
    add(key);
    add(value);
  }
}

// Elements by their own digests, so that their order does not count.
void Fingerprint::add_set(PyObject* set) {
  std::vector<std::string> elements;
  Py_ssize_t position = 0;
  PyObject* item;
  while (cpython::set_next(set, &position, &item)) {
    Fingerprint element(shared_, root_);
    element.depth_ = depth_;
    element.add(item);
    elements.push_back(std::move(element.text_));
  }
  std::ranges::sort(elements);
  text_.push_back('<');
  for (const std::string& element : elements) add_bytes('e', element);
  text_.push_back('>');
}

void Fingerprint::add_function(PyObject* object) {
  auto function = reinterpret_cast<PyFunctionObject*>(object);
  if (shared_.policy().is_plainly_importable(
          object, {function->func_module, function->func_qualname})) {
    text_.push_back('G');
    add(function->func_module);
    return add(function->func_qualname);
  }
  const CodeInfo& info = shared_.code_info(function->func_code);
  add_bytes('F', info.blob());
  bool mutable_before = has_mutable_;
  add(function->func_qualname);
  add(function->func_module);
  add(function->func_defaults);
  add(function->func_kwdefaults);
  // Annotations that are made on demand: whether they have been made does not count.
  PyObject* annotate = cpython::function_annotate(object);
  bool on_demand = annotate != nullptr && annotate != Py_None;
  add(on_demand ? annotate : cpython::function_annotations(object));
  add(function->func_dict != nullptr && PyDict_GET_SIZE(function->func_dict) != 0
          ? function->func_dict
          : nullptr);
  has_mutable_ = mutable_before;
  add_closure(object);
  add_globals(function->func_globals, info.global_names.get());
}

// __classdict__, through which annotations are made, is a namespace of the class.
void Fingerprint::add_closure(PyObject* object) {
  PyObject* closure = PyFunction_GET_CLOSURE(object);
  if (closure == nullptr) return;
  Ref names = cpython::code_free_variables(PyFunction_GET_CODE(object));
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(closure); ++i) {
    bool named = i < PyTuple_GET_SIZE(names.get());
    bool namespace_of_class =
        named && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names.get(), i),
                                                  "__classdict__") == 0;
    add(namespace_of_class ? nullptr : PyTuple_GET_ITEM(closure, i));
  }
}

// What the function's names stand for can be bound anew without a change of the class.
void Fingerprint::add_globals(PyObject* globals, PyObject* names) {
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
    PyObject* name = PyTuple_GET_ITEM(names, i);
    PyObject* value = cpython::checked_lookup(PyDict_GetItemWithError(globals, name));
    if (value == nullptr || PyUnicode_CompareWithASCIIString(name, "__builtins__") == 0)
      continue;
    has_mutable_ = has_mutable_ || !(PyModule_Check(value) || PyType_Check(value));
    add(name);
    add(value);
  }
}

// staticmethod, classmethod, property.
void Fingerprint::add_wrapper(PyObject* object) {
  add_bytes('w', Py_TYPE(object)->tp_name);
  const cpython::Names& names = shared_.imported().names;
  auto part = [&](PyObject* name) {
    add(cpython::lookup_attribute(object, name).get());
  };
  if (Py_TYPE(object) != &PyProperty_Type) return part(names.attr_func);
  for (PyObject* name : {names.fget, names.fset, names.fdel, names.doc}) part(name);
}

void Fingerprint::add_type_name(PyTypeObject* type) {
  ClassName name = name_of_class(type, shared_.imported().names);
  text_.push_back('t');
  if (name.module) add_str(name.module.get());
  add_str(name.qualname.get());
}

// By its class and, for objects made in Python, its attributes.
void Fingerprint::add_instance(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  add_type_name(type);
  if (PyModule_Check(object)) {
    Ref name = cpython::lookup_attribute(object, shared_.imported().names.attr_name);
    return add(name && PyUnicode_CheckExact(name.get()) ? name.get() : nullptr);
  }
  if (PyCFunction_Check(object)) {
    return add_bytes('m', reinterpret_cast<PyCFunctionObject*>(object)->m_ml->ml_name);
  }
  if (GlobalName known = shared_.known_global(object); known.module != nullptr) {
    add(known.module);
    return add(known.qualname);
  }
  has_mutable_ = true;
  if (type == &PyDictProxy_Type) return add(cpython::proxied_mapping(object));
  if (!cpython::is_python_class(type)) return add_reduction(object);
  if (Ref dict = cpython::instance_dict(object)) add_dict(dict.get());
  add_slots(object);
}

void Fingerprint::add_slots(PyObject* object) {
  PyObject* mro = Py_TYPE(object)->tp_mro;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mro); ++i) {
    Py_ssize_t position = 0;
    PyObject *name, *value;
    PyObject* dict =
        cpython::type_dict(reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(mro, i)));
    while (PyDict_Next(dict, &position, &name, &value)) {
      Py_ssize_t offset;
      if (cpython::object_member_offset(value, offset)) {
        add(*reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + offset));
      }
    }
  }
}

// What has none of its own is told by its class alone: copyreg's would be Python code.
void Fingerprint::add_reduction(PyObject* object) {
  const cpython::Names& names = shared_.imported().names;
  PyTypeObject* type = Py_TYPE(object);
  if (cpython::is_objects_own(type, names.reduce_ex) &&
      cpython::is_objects_own(type, names.reduce)) {
    return;
  }
  Ref value = Ref::steal(PyObject_CallMethod(object, "__reduce_ex__", "i", 4));
  if (!value) return PyErr_Clear();
  add(value.get());
}

void Fingerprint::add_attribute(PyObject* name, PyObject* value) {
  bool mutable_before = has_mutable_;
  add(name);
  add(value);
  // What the language and dataclasses keep under such names is not changed in place.
  Py_ssize_t length = PyUnicode_GET_LENGTH(name);
  bool dunder = length > 4 && PyUnicode_READ_CHAR(name, 0) == '_' &&
                PyUnicode_READ_CHAR(name, 1) == '_';
  if (dunder) has_mutable_ = mutable_before;
}

void Fingerprint::add_class(PyTypeObject* type) {
  const cpython::Names& names = shared_.imported().names;
  add_type_name(type);
  add_type_name(Py_TYPE(type));
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(type->tp_bases); ++i)
    add(PyTuple_GET_ITEM(type->tp_bases, i));
  for (const ClassAttribute& attribute : attributes_of_class(type, names)) {
    add_attribute(attribute.name.get(), attribute.value.get());
  }
}

Ref Fingerprint::digest() const {
  const cpython::Imported& imported = shared_.imported();
  Ref data = checked(
      PyBytes_FromStringAndSize(text_.data(), static_cast<Py_ssize_t>(text_.size())));
  PyObject* arguments[] = {data.get(), imported.digest_size};
  Ref hash = checked(
      PyObject_Vectorcall(imported.blake2b, arguments, 1, imported.digest_keywords));
  return checked(PyObject_CallMethodNoArgs(hash.get(), imported.names.digest));
}

}  // namespace cppickle::stream
