#include "module/unpickler_object.h"

#include <memory>
#include <utility>

#include "cpython/building.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "module/persistent_hook.h"
#include "module/state.h"
#include "module/unpickler_memo_proxy.h"
#include "module/unpickler_struct.h"
#include "unpickling/globals.h"
#include "unpickling/input.h"
#include "unpickling/object_table.h"
#include "unpickling/unpickler.h"

namespace cppickle::module {

using cpython::checked;
using cpython::ErrorSet;
using cpython::guarded;
using cpython::Ref;

namespace {

// --- Life -------------------------------------------------------------------

PyObject* unpickler_new(PyTypeObject* type, PyObject*, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    Ref self = checked(type->tp_alloc(type, 0));
    as_unpickler(self.get())->data = new UnpicklerData;
    return self.release();
  });
}

unpickling::InputFile methods_of(PyObject* file, const cpython::Names& names) {
  unpickling::InputFile methods;
  methods.peek = cpython::lookup_attribute(file, names.peek);
  methods.readinto = cpython::lookup_attribute(file, names.readinto);
  methods.read = cpython::lookup_attribute(file, names.read);
  methods.readline = cpython::lookup_attribute(file, names.readline);
  if (!methods.read || !methods.readline) {
    cpython::raise(PyExc_AttributeError,
                   "file must have 'read' and 'readline' attributes");
  }
  return methods;
}

// Forgets what was loaded, and the file.
void reset(UnpicklerData& data) {
  data.input.reset();
  unpickling::InputFile file = std::move(data.file);
  data.file = {};
  data.buffers.reset();
  data.memo.clear();
}

int unpickler_init(PyObject* self, PyObject* args, PyObject* kwargs) {
  return guarded(-1, [&] {
    static const char* keywords[] = {"file",   "fix_imports", "encoding",
                                     "errors", "buffers",     nullptr};
    PyObject *file, *buffers = nullptr;
    const char *encoding = "ASCII", *errors = "strict";
    int fix_imports = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$pssO:Unpickler",
                                     const_cast<char**>(keywords), &file, &fix_imports,
                                     &encoding, &errors, &buffers)) {
      throw ErrorSet{};
    }
    const cpython::Imported& imported = state_of_type(Py_TYPE(self)).imported;
    UnpicklerData& data = *as_unpickler(self)->data;
    require_idle(data);
    unpickling::InputFile methods = methods_of(file, imported.names);
    Ref iterator = Ref::steal(buffers_from(buffers));
    require_idle(data);  // foreign code has run
    reset(data);
    data.file = std::move(methods);
    data.input = std::make_unique<unpickling::Input>(imported, &data.file);
    data.buffers = std::move(iterator);
    data.encoding = encoding;
    data.errors = errors;
    data.protocol = 0;
    data.fix_imports = fix_imports != 0;
    return 0;
  });
}

int unpickler_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (as_unpickler(self)->data == nullptr) return 0;
  const UnpicklerData& data = *as_unpickler(self)->data;
  Py_VISIT(data.buffers.get());
  Py_VISIT(data.persistent_load.get());
  if (int status = data.file.traverse(visit, arg)) return status;
  return data.memo.traverse(visit, arg);
}

int unpickler_clear(PyObject* self) {
  if (as_unpickler(self)->data == nullptr) return 0;
  UnpicklerData& data = *as_unpickler(self)->data;
  if (data.running) return 0;
  reset(data);
  data.persistent_load.reset();
  return 0;
}

void unpickler_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  unpickler_clear(self);
  delete as_unpickler(self)->data;
  type->tp_free(self);
  Py_DECREF(type);
}

// --- Hooks ------------------------------------------------------------------

PyObject* no_persistent_load(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&]() -> PyObject* {
    cpython::raise(state_of_type(Py_TYPE(self)).imported.unpickling_error,
                   cpython::kNoPersistentLoad);
  });
}

PyMethodDef no_persistent_load_definition = {
    "persistent_load", no_persistent_load, METH_O,
    "persistent_load($self, pid, /)\n--\n\n"
    "Override it to answer the object that a persistent id stands for. The default "
    "raises UnpicklingError."};

PyObject* get_persistent_load(PyObject* self, void*) {
  return get_hook(self, as_unpickler(self)->data->persistent_load,
                  no_persistent_load_definition);
}

int set_persistent_load(PyObject* self, PyObject* value, void*) {
  return set_hook(as_unpickler(self)->data->persistent_load, value, "persistent_load");
}

// --- Loading ----------------------------------------------------------------

// Marks the unpickler as busy: its memo and file belong to the load that runs.
class Loading {
 public:
  explicit Loading(UnpicklerData& data) : data_(data) {
    require_idle(data);
    data.running = true;
  }
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;
  ~Loading() { data_.running = false; }

 private:
  UnpicklerData& data_;
};

PyObject* unpickler_load(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    ModuleState& state = state_of_type(Py_TYPE(self));
    UnpicklerData& data = *as_unpickler(self)->data;
    if (!data.file.read) {
      cpython::raise_format(state.imported.unpickling_error,
                            "Unpickler.__init__() was not called by %s.__init__()",
                            Py_TYPE(self)->tp_name);
    }
    Ref held = Ref::borrow(self);
    Loading loading(data);
    Ref persistent_load = hook_of(self, state.imported.names.persistent_load,
                                  no_persistent_load_definition);
    unpickling::LoadHooks hooks;
    // The type itself cannot be changed and its instances take no attributes.
    if (Py_TYPE(self) != state.unpickler_type) hooks.find_class_of = self;
    hooks.persistent_load = persistent_load.get();
    hooks.buffers = data.buffers.get();
    hooks.encoding = data.encoding.c_str();
    hooks.errors = data.errors.c_str();
    hooks.fix_imports = data.fix_imports;
    hooks.protocol = &data.protocol;
    return unpickling::Unpickler(state.imported, state.codes, *data.input, data.memo,
                                 hooks)
        .load()
        .release();
  });
}

PyObject* unpickler_find_class(PyObject* self, PyObject* const* args,
                               Py_ssize_t given) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    if (given != 2) {
      cpython::raise_format(
          PyExc_TypeError, "find_class() takes exactly 2 arguments (%zd given)", given);
    }
    const UnpicklerData& data = *as_unpickler(self)->data;
    return unpickling::find_global(state_of_type(Py_TYPE(self)).imported, args[0],
                                   args[1], data.protocol, data.fix_imports)
        .release();
  });
}

PyObject* unpickler_sizeof(PyObject* self, PyObject*) {
  const UnpicklerData& data = *as_unpickler(self)->data;
  return PyLong_FromSize_t(static_cast<std::size_t>(Py_TYPE(self)->tp_basicsize) +
                           sizeof data + data.memo.bytes());
}

// --- Members ----------------------------------------------------------------

PyObject* get_memo(PyObject* self, void*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    return unpickler_memo_proxy(state_of_type(Py_TYPE(self)), self).release();
  });
}

int set_memo(PyObject* self, PyObject* value, void*) {
  return guarded(-1, [&] {
    assign_unpickler_memo(state_of_type(Py_TYPE(self)), *as_unpickler(self)->data,
                          value);
    return 0;
  });
}

PyMethodDef methods[] = {
    {"load", unpickler_load, METH_NOARGS,
     "load($self, /)\n--\n\n"
     "The object that the next pickle of the file holds. The file then stands behind "
     "it."},
    {"find_class",
     reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(unpickler_find_class)),
     METH_FASTCALL,
     "find_class($self, module_name, global_name, /)\n--\n\n"
     "The object of that name in the module, which is imported if need be.\n\n"
     "Called for every global that a stream names; override it to restrict them."},
    {"__sizeof__", unpickler_sizeof, METH_NOARGS, "Size in memory, in bytes."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef getsets[] = {
    {"memo", get_memo, set_memo,
     "What has been loaded: a proxy, or a dict of index to object.", nullptr},
    {"persistent_load", get_persistent_load, set_persistent_load,
     "Called with every persistent id; answers the object that it stands for.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

constexpr char kDoc[] =
    "Unpickler(file, *, fix_imports=True, encoding='ASCII', errors='strict', "
    "buffers=())\n--\n\n"
    "Reads pickles from a file, as pickle.Unpickler does.\n\n"
    "file: an object with read(size) and readline(); readinto() and peek() are used "
    "where they are.\n"
    "fix_imports, encoding, errors: for streams of Python 2.\n"
    "buffers: what out-of-band data is taken from (PEP 574).\n\n"
    "Subclasses may define find_class and persistent_load. Streams of cloudpickle load "
    "also where\n"
    "cloudpickle is not installed.";

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(unpickler_new)},
    {Py_tp_init, reinterpret_cast<void*>(unpickler_init)},
    {Py_tp_dealloc, reinterpret_cast<void*>(unpickler_dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(unpickler_traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(unpickler_clear)},
    {Py_tp_doc, const_cast<char*>(kDoc)},
    {Py_tp_methods, methods},
    {Py_tp_getset, getsets},
    {0, nullptr},
};

}  // namespace

PyType_Spec unpickler_spec = {"cppickle.Unpickler", sizeof(UnpicklerObject), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
                                  Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
                              slots};

PyObject* buffers_from(PyObject* argument) {
  if (argument == nullptr || argument == Py_None) return nullptr;
  return checked(PyObject_GetIter(argument)).release();
}

}  // namespace cppickle::module
