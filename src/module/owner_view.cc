#include "module/owner_view.h"

namespace cppickle::module {

using cpython::Ref;

int traverse_view(PyObject* view, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(view));
  Py_VISIT(owner_of(view));
  return 0;
}

int clear_view(PyObject* view) {
  Py_CLEAR(reinterpret_cast<OwnerView*>(view)->owner);
  return 0;
}

void dealloc_view(PyObject* view) {
  PyTypeObject* type = Py_TYPE(view);
  PyObject_GC_UnTrack(view);
  clear_view(view);
  type->tp_free(view);
  Py_DECREF(type);
}

Ref view_of(PyTypeObject* type, PyObject* owner) {
  Ref view = cpython::checked(type->tp_alloc(type, 0));
  reinterpret_cast<OwnerView*>(view.get())->owner = Py_NewRef(owner);
  return view;
}

PyObject* reduced_to_dict(Ref content) {
  return Py_BuildValue("(O(N))", &PyDict_Type, content.release());
}

}  // namespace cppickle::module
