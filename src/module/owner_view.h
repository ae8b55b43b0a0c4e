// What Pickler.memo and Unpickler.memo have in common: they show a part of their owner,
// and keep it alive.
#ifndef CPPICKLE_MODULE_OWNER_VIEW_H_
#define CPPICKLE_MODULE_OWNER_VIEW_H_

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::module {

struct OwnerView {
  PyObject_HEAD PyObject* owner;
};

inline PyObject* owner_of(PyObject* view) {
  return reinterpret_cast<OwnerView*>(view)->owner;
}

// The slots of such a type, which is made by PyType_FromModuleAndSpec().
int traverse_view(PyObject* view, visitproc visit, void* arg);
int clear_view(PyObject* view);
void dealloc_view(PyObject* view);

// REQUIRES: a type of such views.
cpython::Ref view_of(PyTypeObject* type, PyObject* owner);

// The reduce value of a view that arrives as a dict.
PyObject* reduced_to_dict(cpython::Ref content);

// The dict that is assigned to an attribute `memo`: `value`, or what `copy` makes of it
// when it is a view.  Throws ErrorSet with a TypeError for anything else, and for a
// null, which deletes.  `wanted` names the type with its article.
template <typename Copy>
cpython::Ref assigned_dict(PyTypeObject* type, const char* wanted, PyObject* value,
                           Copy copy) {
  if (value == nullptr)
    cpython::raise(PyExc_TypeError, "attribute deletion is not supported");
  if (Py_TYPE(value) == type) return copy(value);
  if (!PyDict_Check(value)) {
    cpython::raise_format(PyExc_TypeError,
                          "'memo' attribute must be %s object or dict, not %.200s",
                          wanted, Py_TYPE(value)->tp_name);
  }
  return cpython::Ref::borrow(value);
}

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_OWNER_VIEW_H_
