#include "module/memo_proxy.h"

#include "cpython/compat.h"
#include "cpython/error.h"
#include "module/owner_view.h"
#include "pickling/memo.h"

namespace cppickle::module {

using cpython::checked;
using cpython::checked_status;
using cpython::guarded;
using cpython::Ref;

namespace {

PicklerObject* pickler_of(PyObject* proxy) { return as_pickler(owner_of(proxy)); }

// {id(object): (index, object)}
Ref copied(pickling::Memo& memo) {
  memo.own_keys();
  Ref dict = checked(PyDict_New());
  memo.for_each([&](PyObject* key, std::size_t index) {
    Ref id = checked(PyLong_FromVoidPtr(key));
    Ref entry = checked(Py_BuildValue("(nO)", static_cast<Py_ssize_t>(index), key));
    checked_status(PyDict_SetItem(dict.get(), id.get(), entry.get()));
  });
  return dict;
}

PyObject* proxy_clear_memo(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    clear_memo(pickler_of(self));
    return Py_NewRef(Py_None);
  });
}

PyObject* proxy_copy(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr),
                 [&] { return copied(pickler_of(self)->data->memo).release(); });
}

PyObject* proxy_reduce(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr),
                 [&] { return reduced_to_dict(copied(pickler_of(self)->data->memo)); });
}

PyMethodDef methods[] = {
    {"clear", proxy_clear_memo, METH_NOARGS,
     "clear($self, /)\n--\n\nForget which objects have been written."},
    {"copy", proxy_copy, METH_NOARGS,
     "copy($self, /)\n--\n\nThe memo as a dict: id -> (index, object)."},
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

// A dict's entries in a memo of their own, so that a bad one leaves the pickler's as it
// was.
void read_entries(PyObject* dict, pickling::Memo& memo) {
  Py_ssize_t position = 0;
  PyObject *id, *entry;
  while (PyDict_Next(dict, &position, &id, &entry)) {
    if (!PyTuple_Check(entry) || PyTuple_GET_SIZE(entry) != 2 ||
        !PyLong_Check(PyTuple_GET_ITEM(entry, 0))) {
      cpython::raise(PyExc_TypeError,
                     "'memo' values must be 2-item tuples of an int and an object");
    }
    Py_ssize_t index = PyLong_AsSsize_t(PyTuple_GET_ITEM(entry, 0));
    if (index < 0) {
      if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "'memo' indices must not be negative");
      throw cpython::ErrorSet{};
    }
    memo.set(PyTuple_GET_ITEM(entry, 1), static_cast<std::size_t>(index));
  }
}

}  // namespace

PyType_Spec memo_proxy_spec = {"cppickle.PicklerMemoProxy", sizeof(OwnerView), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

Ref memo_proxy(ModuleState& state, PyObject* pickler) {
  return view_of(state.memo_proxy_type, pickler);
}

void assign_memo(ModuleState& state, PicklerObject* pickler, PyObject* value) {
  Ref dict = assigned_dict(
      state.memo_proxy_type, "a PicklerMemoProxy", value,
      [](PyObject* view) { return copied(pickler_of(view)->data->memo); });
  pickling::Memo fresh;
  read_entries(dict.get(), fresh);
  clear_memo(pickler);
  fresh.for_each(
      [&](PyObject* key, std::size_t index) { pickler->data->memo.set(key, index); });
}

}  // namespace cppickle::module
