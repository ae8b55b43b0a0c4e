#include "kinds/wrappers.h"

#include <algorithm>
#include <span>

#include "core/opcode.h"
#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/instance_state.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::as_object;
using cpython::checked;
using cpython::Names;
using cpython::own_entry;
using cpython::own_items;
using cpython::read_attribute;
using cpython::read_attribute_or_none;
using cpython::read_field;
using cpython::read_type;
using cpython::Ref;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::build_state;
using stream::end_tuple;
using stream::StreamState;
using stream::with_keywords;

namespace {

// The value of a closure's variable, or null.
PyObject* closure_value(PyObject* function, PyObject* variable) {
  PyObject* closure = read_field<&PyFunctionObject::func_closure>(function);
  if (closure == nullptr) return nullptr;
  PyObject* code =
      cpython::read_code(read_field<&PyFunctionObject::func_code>(function));
  Ref variables = cpython::code_free_variables(code);
  std::span<PyObject* const> names = own_items(variables.get());
  std::span<PyObject* const> cells = cpython::read_items(closure);
  for (std::size_t i = 0; i < std::min(cells.size(), names.size()); ++i) {
    if (PyUnicode_Compare(names[i], variable) == 0) return cpython::read_cell(cells[i]);
  }
  return nullptr;
}

// Attributes that the wrapper has beyond those which its constructor copies from the
// function.
Ref attributes_of_its_own(PyObject* wrapper, PyObject* function) {
  Ref own = checked(PyDict_New());
  Ref dict = cpython::read_instance_dict(wrapper);
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (dict && cpython::read_next(dict.get(), &position, &name, &value)) {
    Ref copied = read_attribute_or_none(function, name);
    if (copied.get() != value)
      cpython::checked_status(PyDict_SetItem(own.get(), name, value));
  }
  cpython::note_made(own.get());
  return own;
}

void write_attributes(Script& script, PyObject* object, PyObject* dict) {
  if (dict == nullptr || cpython::read_size(dict) == 0) return;
  pickling::write_instance_state(script.pickler(), script, object, dict);
}

// type(wrapper)(function), and then the attributes.
void save_around(Pickler& pickler, PyObject* wrapper, PyObject* function, Label label,
                 PyObject* label_key, PyObject* attributes) {
  Script script(pickler);
  script.save(as_object(read_type(wrapper)));
  begin_tuple(script, 1);
  script.save(function, label, label_key);
  end_tuple(script, 1);
  script.op(Opcode::REDUCE).memoize_or_end(wrapper);
  write_attributes(script, wrapper, attributes);
  script.start(wrapper);
}

// Makes an object of a subclass without its constructor, by that of the builtin `base`:
// leaves base.__init__ and its arguments, with `object` as the first, to be completed.
// From 3.15 on base.__new__ wants an argument, too, but for those of property and
// super.
void begin_bypassing_constructor(Script& script, PyObject* object, PyTypeObject* base) {
  const Names& names = script.pickler().names();
  Ref make = read_attribute(as_object(base), names.attr_new);
  script.save(make.get());
  bool takes_nothing = base == &PyProperty_Type || base == &PySuper_Type;
  std::size_t count = takes_nothing ? 1 : 2;
  begin_tuple(script, count);
  script.save(as_object(read_type(object)));
  if (count == 2) script.op(Opcode::NONE);
  end_tuple(script, count);
  script.op(Opcode::REDUCE).memoize_or_end(object);
  script.save(cpython::read_type_lookup(base, names.init)).op(Opcode::MARK).get(object);
}

void end_bypassing_constructor(Script& script, PyObject* object, PyObject* attributes) {
  script.op(Opcode::TUPLE).op(Opcode::REDUCE).op(Opcode::POP);
  write_attributes(script, object, attributes);
  script.start(object);
}

bool same_doc(PyObject* property_doc, PyObject* getter, const Names& names) {
  Ref implied = getter == Py_None ? Ref() : read_attribute_or_none(getter, names.doc);
  PyObject* doc = implied ? implied.get() : Py_None;
  if (doc == property_doc) return true;
  return PyUnicode_Check(doc) && PyUnicode_Check(property_doc) &&
         PyUnicode_Compare(doc, property_doc) == 0;
}

}  // namespace

bool save_method_wrapper(StreamState&, Pickler& pickler, PyObject* wrapper) {
  pickler.before_foreign_code();
  Ref function = read_attribute(wrapper, pickler.names().attr_func);
  Ref attributes = attributes_of_its_own(wrapper, function.get());
  PyTypeObject* base = cpython::read_builtin_base(read_type(wrapper));
  if (base == read_type(wrapper)) {
    save_around(pickler, wrapper, function.get(), Label::kText,
                pickler.names().func_text, attributes.get());
    return true;
  }
  Script script(pickler);
  begin_bypassing_constructor(script, wrapper, base);
  script.save(function.get(), Label::kText, pickler.names().func_text);
  end_bypassing_constructor(script, wrapper, attributes.get());
  return true;
}

bool save_property(StreamState&, Pickler& pickler, PyObject* property) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  auto part = [&](PyObject* name) { return read_attribute(property, name); };
  Ref fget = part(names.fget), fset = part(names.fset), fdel = part(names.fdel),
      doc = part(names.doc);
  bool exact = read_type(property) == &PyProperty_Type;
  bool has_doc = !exact || !same_doc(doc.get(), fget.get(), names);
  Script script(pickler);
  auto write_parts = [&] {
    script.save(fget.get(), Label::kAttribute, names.fget)
        .save(fset.get(), Label::kAttribute, names.fset);
    script.save(fdel.get(), Label::kAttribute, names.fdel);
    if (has_doc) script.save(doc.get());
  };
  if (exact) {
    script.save(as_object(read_type(property)));
    begin_tuple(script, has_doc ? 4 : 3);
    write_parts();
    end_tuple(script, has_doc ? 4 : 3);
    script.op(Opcode::REDUCE).memoize(property).start(property);
    return true;
  }
  begin_bypassing_constructor(script, property, &PyProperty_Type);
  write_parts();
  end_bypassing_constructor(script, property,
                            cpython::read_instance_dict(property).get());
  return true;
}

bool save_super(StreamState&, Pickler& pickler, PyObject* object) {
  pickler.before_foreign_code();
  PyTypeObject* type = read_type(object);
  auto part = [&](const char* name) {
    return cpython::read_member(object, PySuper_Type, name);
  };
  PyObject* cls = part("__thisclass__");
  PyObject* bound = part("__self__");
  bool unbound = bound == Py_None;
  auto write_parts = [&](Script& script) {
    script.save(cls);
    if (!unbound) script.save(bound);
  };
  Script script(pickler);
  if (type == &PySuper_Type) {
    script.save(as_object(type));
    begin_tuple(script, unbound ? 1 : 2);
    write_parts(script);
    end_tuple(script, unbound ? 1 : 2);
    script.op(Opcode::REDUCE).memoize(object).start(object);
    return true;
  }
  // BUILD would ask it for __setstate__, which is that of a base of the class.
  Ref attributes = cpython::read_instance_dict(object);
  if (attributes && cpython::read_size(attributes.get()) != 0) {
    pickler.fail(pickler.imported().pickling_error,
                 "cannot pickle a %s with attributes of its own", type->tp_name);
  }
  begin_bypassing_constructor(script, object, &PySuper_Type);
  write_parts(script);
  end_bypassing_constructor(script, object, nullptr);
  return true;
}

// functools._lru_cache_wrapper(function, maxsize, typed, _CacheInfo): an empty cache of
// the same kind.
bool save_lru_cache(StreamState& state, Pickler& pickler, PyObject* cache) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  if (state.save_under_own_name(pickler, cache, names.qualname)) return true;
  Ref function = read_attribute_or_none(cache, names.wrapped);
  Ref parameters = read_attribute_or_none(cache, names.cache_parameters);
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
  script.op(Opcode::REDUCE).memoize_or_end(cache);
  build_state(script, cpython::read_instance_dict(cache).get(), {});
  script.start(cache);
  return true;
}

// partialmethod(function, *arguments, **keywords): from 3.14 on its __new__ wants them.
bool save_partial_method(StreamState&, Pickler& pickler, PyObject* partial) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  Ref function = read_attribute_or_none(partial, names.func);
  Ref arguments = read_attribute_or_none(partial, names.args);
  Ref keywords = read_attribute_or_none(partial, names.keywords);
  if (!function || !arguments || !PyTuple_Check(arguments.get()) || !keywords ||
      !PyDict_Check(keywords.get()))
    return false;
  Ref make =
      with_keywords(pickler.imported(), as_object(read_type(partial)), keywords.get());
  Ref head = checked(PyTuple_Pack(1, function.get()));
  pickler.save_as_call(partial, make.get(),
                       checked(PySequence_Concat(head.get(), arguments.get())));
  return true;
}

// Its lock (until 3.11) is made anew by the constructor.
bool save_cached_property(StreamState&, Pickler& pickler, PyObject* property) {
  pickler.before_foreign_code();
  const Names& names = pickler.names();
  Ref attributes = cpython::read_instance_dict(property);
  cpython::note_read(cpython::Read::kContent, attributes.get());
  Ref dict = checked(PyDict_Copy(attributes.get()));
  cpython::note_made(dict.get());
  Ref function = Ref::borrow(own_entry(dict.get(), names.func));
  if (!function) return false;
  for (PyObject* name : {names.func, names.lock}) {
    if (own_entry(dict.get(), name) != nullptr) {
      cpython::checked_status(PyDict_DelItem(dict.get(), name));
    }
  }
  save_around(pickler, property, function.get(), Label::kAttribute, names.func,
              dict.get());
  return true;
}

}  // namespace cppickle::kinds
