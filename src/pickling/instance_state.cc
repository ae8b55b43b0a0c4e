#include "pickling/instance_state.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "pickling/pickler.h"
#include "pickling/reducers.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::as_object;

namespace {

// A state as BUILD takes it: a dict, or a pair of dicts for attributes and slots.
struct PlainState {
  PyObject* attributes = nullptr;
  PyObject* slots = nullptr;
};

bool is_dict_or_none(PyObject* part) {
  return part == Py_None || PyDict_CheckExact(part);
}

bool has_str_keys(PyObject* dict) {
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &position, &key, &value)) {
    if (!PyUnicode_CheckExact(key)) return false;
  }
  return true;
}

bool read_plain_state(PyObject* state, PlainState& plain) {
  if (PyDict_CheckExact(state)) {
    plain.attributes = state;
    return true;
  }
  if (!PyTuple_CheckExact(state) || PyTuple_GET_SIZE(state) != 2) return false;
  PyObject* attributes = PyTuple_GET_ITEM(state, 0);
  PyObject* slots = PyTuple_GET_ITEM(state, 1);
  if (!is_dict_or_none(attributes) || !is_dict_or_none(slots)) return false;
  if (attributes != Py_None) plain.attributes = attributes;
  if (slots != Py_None) plain.slots = slots;
  return plain.slots == nullptr || has_str_keys(plain.slots);
}

// Nothing of the class hides the getter of __dict__ that type.__new__ makes.
bool shows_own_dict(PyTypeObject* type, const cpython::Names& names) {
  PyObject* getter = cpython::read_type_lookup(type, names.attr_dict);
  return getter == nullptr || Py_TYPE(getter) == &PyGetSetDescr_Type;
}

void begin_call(Script& script, PyObject* callable) {
  script.save(callable);
  if (script.protocol() < 2) script.op(Opcode::MARK);
}

void end_call(Script& script, Opcode short_tuple) {
  script.op(script.protocol() < 2 ? Opcode::TUPLE : short_tuple).op(Opcode::REDUCE);
}

void write_plain_state(Script& script, PyObject* object, const PlainState& state) {
  if (state.attributes != nullptr && PyDict_GET_SIZE(state.attributes) != 0) {
    begin_attributes(script, object);
    script.save(state.attributes, Label::kState);
    end_attributes(script);
  }
  PyObject* setattr = script.pickler().imported().object_setattr;
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (state.slots != nullptr && PyDict_Next(state.slots, &position, &name, &value)) {
    begin_call(script, setattr);
    script.get(object).save(name).save(value, Label::kAttribute, name);
    end_call(script, Opcode::TUPLE3);
    script.op(Opcode::POP);
  }
}

}  // namespace

bool goes_past_setstate(Pickler& pickler, PyObject* object) {
  PyTypeObject* type = cpython::read_class(cpython::read_type(object));
  if (type->tp_getattro == PyObject_GenericGetAttr || !pickler.memoizing() ||
      !cpython::is_python_class(type))
    return false;
  const cpython::Names& names = pickler.names();
  return cpython::read_type_lookup(type, names.setstate) == nullptr &&
         shows_own_dict(type, names) &&
         pickler.reducers().travels_by_value(pickler, as_object(type));
}

void begin_attributes(Script& script, PyObject* object) {
  const cpython::Imported& imported = script.pickler().imported();
  begin_call(script, imported.dict_update);
  begin_call(script, imported.object_getattribute);
  script.get(object).save(imported.names.attr_dict);
  end_call(script, Opcode::TUPLE2);
}

void end_attributes(Script& script) {
  end_call(script, Opcode::TUPLE2);
  script.op(Opcode::POP);
}

void write_instance_state(Pickler& pickler, Script& script, PyObject* object,
                          PyObject* state) {
  PlainState plain;
  if (object != nullptr && goes_past_setstate(pickler, object) &&
      read_plain_state(state, plain)) {
    return write_plain_state(script, object, plain);
  }
  script.save(state, Label::kState).op(Opcode::BUILD);
}

}  // namespace cppickle::pickling
