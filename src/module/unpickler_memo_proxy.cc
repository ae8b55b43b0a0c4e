#include "module/unpickler_memo_proxy.h"

#include "cpython/error.h"
#include "module/owner_view.h"
#include "unpickling/object_table.h"

namespace cppickle::module {

using cpython::checked;
using cpython::checked_status;
using cpython::guarded;
using cpython::Ref;

namespace {

UnpicklerData& data_of(PyObject* proxy) { return *as_unpickler(owner_of(proxy))->data; }

// {index: object}
Ref copied(const unpickling::ObjectTable& memo) {
  Ref dict = checked(PyDict_New());
  memo.for_each([&](std::uint64_t index, PyObject* object) {
    Ref key = checked(PyLong_FromUnsignedLongLong(index));
    checked_status(PyDict_SetItem(dict.get(), key.get(), object));
  });
  return dict;
}

PyObject* proxy_clear_memo(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    require_idle(data_of(self));
    data_of(self).memo.clear();
    return Py_NewRef(Py_None);
  });
}

PyObject* proxy_copy(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr),
                 [&] { return copied(data_of(self).memo).release(); });
}

PyObject* proxy_reduce(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr),
                 [&] { return reduced_to_dict(copied(data_of(self).memo)); });
}

PyMethodDef methods[] = {
    {"clear", proxy_clear_memo, METH_NOARGS,
     "clear($self, /)\n--\n\nForget what has been loaded."},
    {"copy", proxy_copy, METH_NOARGS,
     "copy($self, /)\n--\n\nThe memo as a dict: index -> object."},
    {"__reduce__", proxy_reduce, METH_NOARGS, "Reduces to the dict that copy() gives."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc_view)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse_view)},
    {Py_tp_clear, reinterpret_cast<void*>(clear_view)},
    {Py_tp_hash, reinterpret_cast<void*>(PyObject_HashNotImplemented)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

// A dict's entries in a memo of their own, so that a bad one leaves the unpickler's as
// it was.
void read_entries(PyObject* dict, unpickling::ObjectTable& memo) {
  Py_ssize_t position = 0;
  PyObject *key, *object;
  while (PyDict_Next(dict, &position, &key, &object)) {
    if (!PyLong_Check(key))
      cpython::raise(PyExc_TypeError, "memo key must be integers");
    Py_ssize_t index = PyLong_AsSsize_t(key);
    if (index == -1 && PyErr_Occurred()) throw cpython::ErrorSet{};
    if (index < 0)
      cpython::raise(PyExc_ValueError, "memo key must be positive integers.");
    memo.set(static_cast<std::uint64_t>(index), object);
  }
}

}  // namespace

PyType_Spec unpickler_memo_proxy_spec = {
    "cppickle.UnpicklerMemoProxy", sizeof(OwnerView), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

Ref unpickler_memo_proxy(ModuleState& state, PyObject* unpickler) {
  return view_of(state.unpickler_memo_proxy_type, unpickler);
}

void assign_unpickler_memo(ModuleState& state, UnpicklerData& data, PyObject* value) {
  if (value != nullptr) require_idle(data);
  Ref dict =
      assigned_dict(state.unpickler_memo_proxy_type, "an UnpicklerMemoProxy", value,
                    [](PyObject* view) { return copied(data_of(view).memo); });
  unpickling::ObjectTable fresh;
  read_entries(dict.get(), fresh);
  data.memo.swap(fresh);
}

}  // namespace cppickle::module
