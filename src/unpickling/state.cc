// BUILD: the state of an instance.
#include "cpython/building.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "unpickling/unpickler.h"

namespace cppickle::unpickling {

using cpython::checked;
using cpython::checked_status;
using cpython::Ref;

void Unpickler::build() {
  require(2);
  Ref state = pop();
  PyObject* object = stack_.top();
  if (PyDict_CheckExact(state.get()) && build_plain(object, state.get())) return;
  ForeignCode scope(*this);
  Ref set_state = cpython::lookup_attribute(object, imported_.names.setstate);
  if (set_state) {
    checked(PyObject_CallOneArg(set_state.get(), state.get()));
    return;
  }
  build_default(object, state.get());
}

// Sets the attributes of an instance whose class has no say in it, without making its
// __dict__ if that is lazy.  False when it has, or may have.
bool Unpickler::build_plain(PyObject* object, PyObject* state) {
  PyTypeObject* type = Py_TYPE(object);
  if (type->tp_getattro != PyObject_GenericGetAttr) return false;
  if (!cpython::has_plain_dict(type, imported_.names.attr_dict)) return false;
  if (cpython::type_lookup(type, imported_.names.setstate) != nullptr) return false;
  if (cpython::lookup_attribute(object, imported_.names.setstate)) return false;
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(state, &position, &key, &value)) {
    if (!PyUnicode_CheckExact(key)) return false;
    PyObject* found = cpython::type_lookup(type, attribute_names_.of(key));
    // What is stored under a data descriptor's name does not go to the descriptor.
    if (found != nullptr && Py_TYPE(found)->tp_descr_set != nullptr) return false;
  }
  position = 0;
  while (PyDict_Next(state, &position, &key, &value)) {
    Ref held = Ref::borrow(value);
    checked_status(
        PyObject_GenericSetAttr(object, attribute_names_.of(key), held.get()));
  }
  return true;
}

void Unpickler::build_default(PyObject* object, PyObject* state) {
  Ref attributes = Ref::borrow(state);
  Ref slots;
  if (PyTuple_Check(state) && PyTuple_GET_SIZE(state) == 2) {
    attributes = Ref::borrow(PyTuple_GET_ITEM(state, 0));
    slots = Ref::borrow(PyTuple_GET_ITEM(state, 1));
  }
  if (attributes.get() != Py_None) update_dict(object, attributes.get());
  if (!slots) return;
  if (!PyDict_Check(slots.get())) raise_error("slot state is not a dictionary");
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(slots.get(), &position, &key, &value)) {
    Ref name = Ref::borrow(key);
    Ref held = Ref::borrow(value);
    checked_status(PyObject_SetAttr(object, name.get(), held.get()));
  }
}

void Unpickler::update_dict(PyObject* object, PyObject* state) {
  if (!PyDict_Check(state)) raise_error("state is not a dictionary");
  Ref dict = checked(PyObject_GetAttr(object, imported_.names.attr_dict));
  Py_ssize_t position = 0;
  PyObject *key, *value;
  while (PyDict_Next(state, &position, &key, &value)) {
    Ref name = Ref::borrow(PyUnicode_CheckExact(key) ? attribute_names_.of(key) : key);
    Ref held = Ref::borrow(value);
    checked_status(PyObject_SetItem(dict.get(), name.get(), held.get()));
  }
}

}  // namespace cppickle::unpickling
