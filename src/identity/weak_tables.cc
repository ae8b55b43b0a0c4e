#include "identity/weak_tables.h"

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"

namespace cppickle::identity {

using cpython::checked;
using cpython::checked_status;
using cpython::Imported;
using cpython::Ref;

namespace {

// The dict behind a dictionary of weakref's (Lib/weakref.py).
Ref data_of(const Imported& imported, PyObject* table) {
  Ref data = checked(PyObject_GetAttr(table, imported.names.data));
  if (!PyDict_Check(data.get())) {
    cpython::raise_format(PyExc_TypeError, "%.200s is no dictionary of weakref's",
                          Py_TYPE(table)->tp_name);
  }
  return data;
}

}  // namespace

void set_weak_value(const Imported& imported, PyObject* table, PyObject* key,
                    PyObject* object) {
  const cpython::Names& names = imported.names;
  Ref data = data_of(imported, table);
  Ref remove = checked(PyObject_GetAttr(table, names.remove));
  // KeyedRef(object, remove, key), whose __new__ and __init__ are Python code.
  auto type = reinterpret_cast<PyTypeObject*>(imported.keyed_reference);
  Ref arguments = checked(PyTuple_Pack(2, object, remove.get()));
  Ref weak = checked(type->tp_base->tp_new(type, arguments.get(), nullptr));
  checked_status(PyObject_SetAttr(weak.get(), names.key, key));
  checked_status(PyDict_SetItem(data.get(), key, weak.get()));
}

bool has_weak_value(const Imported& imported, PyObject* table, PyObject* key) {
  Ref data = data_of(imported, table);
  PyObject* weak = cpython::checked_lookup(PyDict_GetItemWithError(data.get(), key));
  return weak != nullptr && PyWeakref_CheckRef(weak) &&
         cpython::weakly_referenced(weak);
}

void set_weak_key(const Imported& imported, PyObject* table, PyObject* object,
                  PyObject* value) {
  Ref data = data_of(imported, table);
  Ref remove = checked(PyObject_GetAttr(table, imported.names.remove));
  Ref weak = checked(PyWeakref_NewRef(object, remove.get()));
  checked_status(PyDict_SetItem(data.get(), weak.get(), value));
}

Ref under_weak_key(const Imported& imported, PyObject* table, PyObject* object) {
  Ref data = data_of(imported, table);
  Ref weak = checked(PyWeakref_NewRef(object, nullptr));
  return Ref::borrow(
      cpython::checked_lookup(PyDict_GetItemWithError(data.get(), weak.get())));
}

}  // namespace cppickle::identity
