// Entries of weakref's dictionaries, made without running their Python code.
#ifndef CPPICKLE_IDENTITY_WEAK_TABLES_H_
#define CPPICKLE_IDENTITY_WEAK_TABLES_H_

#include "cpython/imported.h"
#include "cpython/ref.h"

namespace cppickle::identity {

// table[key] = object, for a weakref.WeakValueDictionary.  Throws ErrorSet.
void set_weak_value(const cpython::Imported& imported, PyObject* table, PyObject* key,
                    PyObject* object);
// key in table, likewise.
bool has_weak_value(const cpython::Imported& imported, PyObject* table, PyObject* key);
// table[object] = value, for a weakref.WeakKeyDictionary.  Throws ErrorSet.
void set_weak_key(const cpython::Imported& imported, PyObject* table, PyObject* object,
                  PyObject* value);
// table.get(object), for a weakref.WeakKeyDictionary; an empty Ref when it is not
// there.
cpython::Ref under_weak_key(const cpython::Imported& imported, PyObject* table,
                            PyObject* object);

}  // namespace cppickle::identity

#endif  // CPPICKLE_IDENTITY_WEAK_TABLES_H_
