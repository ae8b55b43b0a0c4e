#include "kinds/wrappers.h"

#include "core/opcode.h"
#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::checked_lookup;
using cpython::Names;
using cpython::Ref;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::build_state;
using stream::end_tuple;
using stream::save_call;
using stream::StreamState;
using stream::with_keywords;

namespace {

// The value of a closure's variable, or null.
PyObject* closure_value(PyObject* function, PyObject* variable) {
  PyObject* closure = PyFunction_GET_CLOSURE(function);
  if (closure == nullptr) return nullptr;
  Ref variables = cpython::code_free_variables(PyFunction_GET_CODE(function));
  for (Py_ssize_t i = 0;
       i < PyTuple_GET_SIZE(closure) && i < PyTuple_GET_SIZE(variables.get()); ++i) {
    if (PyUnicode_Compare(PyTuple_GET_ITEM(variables.get(), i), variable) == 0) {
      return PyCell_GET(PyTuple_GET_ITEM(closure, i));
    }
  }
  return nullptr;
}

// Attributes that the wrapper has beyond those which its constructor copies from the
// function.
Ref attributes_of_its_own(PyObject* wrapper, PyObject* function) {
  Ref own = checked(PyDict_New());
  Ref dict = cpython::instance_dict(wrapper);
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (dict && PyDict_Next(dict.get(), &position, &name, &value)) {
    Ref copied = cpython::lookup_attribute(function, name);
    if (copied.get() != value)
      cpython::checked_status(PyDict_SetItem(own.get(), name, value));
  }
  return own;
}

// type(wrapper)(function), and then the attributes.
void save_around(Pickler& pickler, PyObject* wrapper, PyObject* function, Label label,
                 PyObject* label_key, PyObject* attributes) {
  Script script(pickler);
  script.save(reinterpret_cast<PyObject*>(Py_TYPE(wrapper)));
  begin_tuple(script, 1);
  script.save(function, label, label_key);
  end_tuple(script, 1);
  script.op(Opcode::REDUCE).memoize(wrapper);
  build_state(script, attributes, {});
  script.start(wrapper);
}

// Makes an object of a subclass past its constructor, by that of the builtin `base`:
// leaves base.__init__ and its arguments, with `object` as the first, to be completed.
// From 3.15 on base.__new__ wants an argument, too, but for property's.
void begin_past_constructor(Script& script, PyObject* object, PyTypeObject* base) {
  const Names& names = script.pickler().names();
  Ref make =
      checked(PyObject_GetAttr(reinterpret_cast<PyObject*>(base), names.attr_new));
  script.save(make.get());
  std::size_t count = base == &PyProperty_Type ? 1 : 2;
  begin_tuple(script, count);
  script.save(reinterpret_cast<PyObject*>(Py_TYPE(object)));
  if (count == 2) script.op(Opcode::NONE);
  end_tuple(script, count);
  script.op(Opcode::REDUCE).memoize(object);
  script.save(cpython::type_lookup(base, names.init)).op(Opcode::MARK).get(object);
}

void end_past_constructor(Script& script, PyObject* object, PyObject* attributes) {
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).op(Opcode::POP);
  build_state(script, attributes, {});
  script.start(object);
}

bool same_doc(PyObject* property_doc, PyObject* getter, const Names& names) {
  Ref implied =
      getter == Py_None ? Ref() : cpython::lookup_attribute(getter, names.doc);
  PyObject* doc = implied ? implied.get() : Py_None;
  if (doc == property_doc) return true;
  return PyUnicode_Check(doc) && PyUnicode_Check(property_doc) &&
         PyUnicode_Compare(doc, property_doc) == 0;
}

}  // namespace

bool save_builtin_function(StreamState& reducers, Pickler& pickler, PyObject* object) {
  auto function = reinterpret_cast<PyCFunctionObject*>(object);
  PyObject* self = function->m_self;
  pickler.before_foreign_code();
  if (reducers.shared().save_known_global(pickler, object)) return true;
  Ref name = checked(PyUnicode_InternFromString(function->m_ml->ml_name));
  bool of_module = self == nullptr || PyModule_Check(self);
  PyObject* module = function->m_module;
  if (!of_module || module == nullptr || !PyUnicode_Check(module)) return false;
  if (!reducers.shared().policy().is_importable(pickler, object, {module, name.get()}))
    return false;
  pickler.emit_global(object, module, name.get());
  return true;
}

bool save_getset_descriptor(StreamState&, Pickler& pickler, PyObject* descriptor) {
  PyTypeObject* type = PyDescr_TYPE(descriptor);
  if (cpython::type_lookup(type, PyDescr_NAME(descriptor)) != descriptor) return false;
  save_call(pickler, descriptor, pickler.imported().builtin_getattr,
            {reinterpret_cast<PyObject*>(type), PyDescr_NAME(descriptor)});
  return true;
}

bool save_method_wrapper(StreamState&, Pickler& pickler, PyObject* wrapper) {
  pickler.before_foreign_code();
  Ref function = checked(PyObject_GetAttr(wrapper, pickler.names().attr_func));
  Ref attributes = attributes_of_its_own(wrapper, function.get());
  PyTypeObject* base = cpython::builtin_base(Py_TYPE(wrapper));
  if (base == Py_TYPE(wrapper)) {
    save_around(pickler, wrapper, function.get(), Label::kText,
                pickler.names().func_text, attributes.get());
    return true;
  }
  Script script(pickler);
  begin_past_constructor(script, wrapper, base);
  script.save(function.get(), Label::kText, pickler.names().func_text);
  end_past_constructor(script, wrapper, attributes.get());
  return true;
}

bool save_property(StreamState&, Pickler& pickler, PyObject* property) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  auto part = [&](PyObject* name) { return checked(PyObject_GetAttr(property, name)); };
  Ref fget = part(names.fget), fset = part(names.fset), fdel = part(names.fdel),
      doc = part(names.doc);
  bool exact = Py_TYPE(property) == &PyProperty_Type;
  bool has_doc = !exact || !same_doc(doc.get(), fget.get(), names);
  Script script(pickler);
  auto write_parts = [&] {
    script.save(fget.get(), Label::kAttribute, names.fget)
        .save(fset.get(), Label::kAttribute, names.fset);
    script.save(fdel.get(), Label::kAttribute, names.fdel);
    if (has_doc) script.save(doc.get());
  };
  if (exact) {
    script.save(reinterpret_cast<PyObject*>(Py_TYPE(property)));
    begin_tuple(script, has_doc ? 4 : 3);
    write_parts();
    end_tuple(script, has_doc ? 4 : 3);
    script.op(Opcode::REDUCE).memoize(property).start(property);
    return true;
  }
  begin_past_constructor(script, property, &PyProperty_Type);
  write_parts();
  end_past_constructor(script, property, cpython::instance_dict(property).get());
  return true;
}

// functools._lru_cache_wrapper(function, maxsize, typed, _CacheInfo): an empty cache of
// the same kind.
bool save_lru_cache(StreamState& reducers, Pickler& pickler, PyObject* cache) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  if (reducers.save_under_own_name(pickler, cache, names.qualname)) return true;
  Ref function = cpython::lookup_attribute(cache, names.wrapped);
  Ref parameters = cpython::lookup_attribute(cache, names.cache_parameters);
  if (!function || !parameters || !PyFunction_Check(parameters.get())) return false;
  PyObject* maxsize = closure_value(parameters.get(), names.maxsize);
  PyObject* typed = closure_value(parameters.get(), names.typed);
  if (maxsize == nullptr || typed == nullptr) return false;
  Script script(pickler);
  script.save(pickler.imported().lru_cache_type);
  begin_tuple(script, 4);
  script.save(function.get(), Label::kAttribute, names.wrapped)
      .save(maxsize)
      .save(typed);
  script.save(pickler.imported().cache_info);
  end_tuple(script, 4);
  script.op(Opcode::REDUCE).memoize(cache);
  build_state(script, cpython::instance_dict(cache).get(), {});
  script.start(cache);
  return true;
}

// partialmethod(function, *arguments, **keywords): from 3.14 on its __new__ wants them.
bool save_partial_method(StreamState&, Pickler& pickler, PyObject* partial) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  Ref function = cpython::lookup_attribute(partial, names.func);
  Ref arguments = cpython::lookup_attribute(partial, names.args);
  Ref keywords = cpython::lookup_attribute(partial, names.keywords);
  if (!function || !arguments || !PyTuple_Check(arguments.get()) || !keywords ||
      !PyDict_Check(keywords.get()))
    return false;
  Ref make =
      with_keywords(pickler.imported(), reinterpret_cast<PyObject*>(Py_TYPE(partial)),
                    keywords.get());
  Ref head = checked(PyTuple_Pack(1, function.get()));
  pickler.save_as_call(partial, make.get(),
                       checked(PySequence_Concat(head.get(), arguments.get())));
  return true;
}

// Its lock (until 3.11) is made anew by the constructor.
bool save_cached_property(StreamState&, Pickler& pickler, PyObject* property) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  Ref dict = checked(PyDict_Copy(cpython::instance_dict(property).get()));
  Ref function =
      Ref::borrow(checked_lookup(PyDict_GetItemWithError(dict.get(), names.func)));
  if (!function) return false;
  for (PyObject* name : {names.func, names.lock}) {
    if (checked_lookup(PyDict_GetItemWithError(dict.get(), name)) != nullptr) {
      cpython::checked_status(PyDict_DelItem(dict.get(), name));
    }
  }
  save_around(pickler, property, function.get(), Label::kAttribute, names.func,
              dict.get());
  return true;
}

}  // namespace cppickle::kinds
