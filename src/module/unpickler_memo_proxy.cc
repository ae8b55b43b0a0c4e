#include "module/unpickler_memo_proxy.h"

#include "cpython/error.h"
#include "unpickling/object_table.h"

namespace cppickle::module {

using cpython::checked;
using cpython::checked_status;
using cpython::guarded;
using cpython::Ref;

namespace {

struct MemoProxy {
  PyObject_HEAD PyObject* unpickler;
};

UnpicklerData& data_of(PyObject* proxy) {
  return *as_unpickler(reinterpret_cast<MemoProxy*>(proxy)->unpickler)->data;
}

int proxy_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(reinterpret_cast<MemoProxy*>(self)->unpickler);
  return 0;
}

int proxy_clear(PyObject* self) {
  Py_CLEAR(reinterpret_cast<MemoProxy*>(self)->unpickler);
  return 0;
}

void proxy_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  proxy_clear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

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
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    Ref content = copied(data_of(self).memo);
    return Py_BuildValue("(O(N))", &PyDict_Type, content.release());
  });
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
    {Py_tp_dealloc, reinterpret_cast<void*>(proxy_dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(proxy_traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(proxy_clear)},
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
    "cppickle.UnpicklerMemoProxy", sizeof(MemoProxy), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

Ref unpickler_memo_proxy(ModuleState& state, PyObject* unpickler) {
  PyTypeObject* type = state.unpickler_memo_proxy_type;
  Ref proxy = checked(type->tp_alloc(type, 0));
  reinterpret_cast<MemoProxy*>(proxy.get())->unpickler = Py_NewRef(unpickler);
  return proxy;
}

void assign_unpickler_memo(ModuleState& state, UnpicklerData& data, PyObject* value) {
  if (value == nullptr)
    cpython::raise(PyExc_TypeError, "attribute deletion is not supported");
  require_idle(data);
  Ref dict = Ref::borrow(value);
  if (Py_TYPE(value) == state.unpickler_memo_proxy_type) {
    dict = copied(data_of(value).memo);
  } else if (!PyDict_Check(value)) {
    cpython::raise_format(
        PyExc_TypeError,
        "'memo' attribute must be an UnpicklerMemoProxy object or dict, not %.200s",
        Py_TYPE(value)->tp_name);
  }
  unpickling::ObjectTable fresh;
  read_entries(dict.get(), fresh);
  data.memo.swap(fresh);
}

}  // namespace cppickle::module
