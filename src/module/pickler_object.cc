#include "module/pickler_object.h"

#include <structmember.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "core/byte_sink.h"
#include "core/emitter.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "module/arguments.h"
#include "module/memo_proxy.h"
#include "module/options.h"
#include "module/persistent_hook.h"
#include "module/shipping.h"
#include "module/sinks.h"
#include "pickling/hooks.h"
#include "pickling/name_observer.h"
#include "pickling/pickler.h"

namespace cppickle::module {

using cpython::checked;
using cpython::ErrorSet;
using cpython::guarded;
using cpython::Ref;

namespace {

// --- Life -------------------------------------------------------------------

PyObject* pickler_new(PyTypeObject* type, PyObject*, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    Ref self = checked(type->tp_alloc(type, 0));
    as_pickler(self.get())->data = new PicklerData(state_of_type(type));
    return self.release();
  });
}

void initialise(PyObject* self, PyObject* file, PyObject* protocol, bool fix_imports,
                PyObject* buffer_callback) {
  ModuleState& state = state_of_type(Py_TYPE(self));
  PicklerObject* pickler = as_pickler(self);
  int number = protocol_from(protocol);
  Ref write = cpython::lookup_attribute(file, state.imported.names.write);
  if (!write) cpython::raise(PyExc_TypeError, "file must have a 'write' attribute");
  if (buffer_callback == Py_None) buffer_callback = nullptr;
  if (buffer_callback != nullptr && number < 5) {
    cpython::raise(PyExc_ValueError, "buffer_callback needs protocol >= 5");
  }
  clear_memo(pickler);
  PicklerData& data = *pickler->data;
  data.write = std::move(write);
  data.buffer_callback = Ref::borrow(buffer_callback);
  data.protocol = number;
  data.fix_imports = fix_imports;
  pickler->fast = 0;
  pickler->bin = number > 0;
}

int pickler_init(PyObject* self, PyObject* args, PyObject* kwargs) {
  return guarded(-1, [&] {
    static const char* keywords[] = {"file", "protocol", "buffer_callback",
                                     "fix_imports", nullptr};
    Ref others = Ref::borrow(kwargs);
    Ref options = split_options(others);
    PyObject *file, *protocol = nullptr, *buffer_callback = nullptr;
    int fix_imports = 1;
    if (!PyArg_ParseTupleAndKeywords(args, others.get(), "O|OO$p:Pickler",
                                     const_cast<char**>(keywords), &file, &protocol,
                                     &buffer_callback, &fix_imports)) {
      throw ErrorSet{};
    }
    initialise(self, file, protocol, fix_imports != 0, buffer_callback);
    as_pickler(self)->data->options = std::move(options);
    return 0;
  });
}

int pickler_traverse(PyObject* self, visitproc visit, void* arg) {
  PicklerObject* pickler = as_pickler(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(pickler->dispatch_table);
  Py_VISIT(pickler->root_name);
  if (pickler->data == nullptr) return 0;
  PicklerData& data = *pickler->data;
  Py_VISIT(data.write.get());
  Py_VISIT(data.buffer_callback.get());
  Py_VISIT(data.options.get());
  Py_VISIT(data.persistent_id.get());
  if (int status = data.memo.traverse(visit, arg)) return status;
  return data.reducers.traverse(visit, arg);
}

int pickler_clear(PyObject* self) {
  PicklerObject* pickler = as_pickler(self);
  Py_CLEAR(pickler->dispatch_table);
  Py_CLEAR(pickler->root_name);
  if (pickler->data == nullptr) return 0;
  PicklerData& data = *pickler->data;
  data.write.reset();
  data.buffer_callback.reset();
  data.options.reset();
  data.persistent_id.reset();
  data.memo.clear();
  data.reducers.clear();
  return 0;
}

void pickler_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  pickler_clear(self);
  delete as_pickler(self)->data;
  type->tp_free(self);
  Py_DECREF(type);
}

// --- Dumping ----------------------------------------------------------------

// Marks the pickler as busy: its memo belongs to the dump that runs.
class Running {
 public:
  explicit Running(PicklerData& data) : data_(data) {
    if (data.running)
      cpython::raise(PyExc_RuntimeError,
                     "this Pickler is in the middle of another dump()");
    data.running = true;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    data_.running = false;
    data_.reducers.end_dump();
  }

 private:
  PicklerData& data_;
};

PyObject* pickler_dump(PyObject* self, PyObject* object) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    ModuleState& state = state_of_type(Py_TYPE(self));
    DumpOptions options = current_options(state);
    PyObject* chosen = as_pickler(self)->data->options.get();
    if (chosen != nullptr) set_options(options, chosen);
    dump_with(state, as_pickler(self), object, options);
    return Py_NewRef(Py_None);
  });
}

PyObject* pickler_clear_memo(PyObject* self, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    clear_memo(as_pickler(self));
    return Py_NewRef(Py_None);
  });
}

PyObject* pickler_sizeof(PyObject* self, PyObject*) {
  const PicklerData& data = *as_pickler(self)->data;
  return PyLong_FromSize_t(static_cast<std::size_t>(Py_TYPE(self)->tp_basicsize) +
                           sizeof data + data.memo.bytes());
}

// --- Hooks ------------------------------------------------------------------

PyObject* no_persistent_id(PyObject*, PyObject*) { return Py_NewRef(Py_None); }

PyMethodDef no_persistent_id_definition = {
    "persistent_id", no_persistent_id, METH_O,
    "The default: objects have no persistent id."};

PyObject* get_persistent_id(PyObject* self, void*) {
  return get_hook(self, as_pickler(self)->data->persistent_id,
                  no_persistent_id_definition);
}

int set_persistent_id(PyObject* self, PyObject* value, void*) {
  return set_hook(as_pickler(self)->data->persistent_id, value, "persistent_id");
}

// The hook, or an empty Ref when it is the default, which is a function in Python.
Ref reducer_override_of(PyObject* self, const ModuleState& state) {
  Ref hook = cpython::lookup_attribute(self, state.imported.names.reducer_override);
  bool nothing = hook && PyMethod_Check(hook.get()) &&
                 PyMethod_GET_FUNCTION(hook.get()) == state.reducer_override;
  return nothing ? Ref() : std::move(hook);
}

// --- Members ----------------------------------------------------------------

PyObject* get_memo(PyObject* self, void*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    return memo_proxy(state_of_type(Py_TYPE(self)), self).release();
  });
}

int set_memo(PyObject* self, PyObject* value, void*) {
  return guarded(-1, [&] {
    assign_memo(state_of_type(Py_TYPE(self)), as_pickler(self), value);
    return 0;
  });
}

PyMethodDef methods[] = {
    {"dump", pickler_dump, METH_O,
     "dump($self, obj, /)\n--\n\n"
     "Write the pickle of obj to the file.\n\n"
     "Raises what the objects on the way raise, with the path to the one that failed "
     "as the exception's\n"
     "attribute cppickle_path."},
    {"clear_memo", pickler_clear_memo, METH_NOARGS,
     "clear_memo($self, /)\n--\n\nForget which objects have been written."},
    {"__sizeof__", pickler_sizeof, METH_NOARGS, "Size in memory, in bytes."},
    {nullptr, nullptr, 0, nullptr},
};

PyMemberDef members[] = {
    {"dispatch_table", T_OBJECT_EX, offsetof(PicklerObject, dispatch_table), 0,
     "The reducers of this pickler by class, instead of its class's table."},
    {"_root_name", T_OBJECT, offsetof(PicklerObject, root_name), 0,
     "How paths in errors begin: a str, or a tuple of them for the items of the tuple "
     "that is dumped. For cppickle.integrations alone."},
    {"fast", T_INT, offsetof(PicklerObject, fast), 0,
     "True: write no memo. Then objects must not be recursive."},
    {"bin", T_INT, offsetof(PicklerObject, bin), 0,
     "True: numbers and strings as binary arguments."},
    {nullptr, 0, 0, 0, nullptr},
};

PyGetSetDef getsets[] = {
    {"memo", get_memo, set_memo,
     "What has been written: a proxy, or a dict of id to (index, object).", nullptr},
    {"persistent_id", get_persistent_id, set_persistent_id,
     "Called with every object; what it answers, unless None, is written in the "
     "object's place.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(pickler_new)},
    {Py_tp_init, reinterpret_cast<void*>(pickler_init)},
    {Py_tp_dealloc, reinterpret_cast<void*>(pickler_dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(pickler_traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(pickler_clear)},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, getsets},
    {0, nullptr},
};

}  // namespace

namespace {

// One dump into `sink`; its size in bytes.
std::size_t dump_into(ModuleState& state, PicklerObject* pickler, PyObject* object,
                      core::ByteSink& sink, pickling::NameObserver* observer) {
  auto self = reinterpret_cast<PyObject*>(pickler);
  PicklerData& data = *pickler->data;
  const cpython::Names& names = state.imported.names;
  Ref table = Ref::borrow(pickler->dispatch_table);
  if (!table) table = cpython::lookup_attribute(self, names.dispatch_table);
  Ref persistent_id = hook_of(self, names.persistent_id, no_persistent_id_definition);
  Ref reducer_override = reducer_override_of(self, state);
  // Held for this dump: a hook may call __init__ again, which replaces them.
  Ref buffer_callback = Ref::borrow(data.buffer_callback.get());
  Ref root_name = Ref::borrow(pickler->root_name);
  if (root_name.get() == Py_None) root_name.reset();

  pickling::Hooks hooks;
  hooks.persistent_id = persistent_id.get();
  hooks.reducer_override = reducer_override.get();
  hooks.dispatch_table = table.get();
  hooks.buffer_callback = buffer_callback.get();
  hooks.root_name = root_name.get();
  hooks.answers = &data.reducers.answers();
  hooks.fix_imports = data.fix_imports;
  hooks.fast = pickler->fast != 0;
  hooks.foreign_sink = true;
  hooks.foreign_reducers = state.context.overrides().any();
  hooks.observer = observer;
  if (!hooks.foreign_reducers) data.memo.borrow_keys();
  core::Emitter emitter(sink, data.protocol, pickler->bin != 0);
  pickling::Pickler(state.imported, state.plans, data.memo, data.reducers, emitter,
                    hooks)
      .dump(object);
  // Between two dumps anything may run.
  data.memo.own_keys();
  return emitter.size();
}

// The same where modules travel with the stream.
Ref shipped_by(ModuleState& state, PicklerObject* pickler, PyObject* object,
               const DumpOptions& options) {
  PicklerData& data = *pickler->data;
  // What has been dumped before is not written again, and buffers are handed out once.
  int tries = data.memo.size() == 0 && !data.buffer_callback ? kMostTries : 0;
  auto dump = [&](pickling::NameObserver& observer) {
    BytesSink sink;
    std::size_t size = dump_into(state, pickler, object, sink, &observer);
    return sink.take(size);
  };
  return shipped(options, data.protocol, tries, dump, [&] {
    data.memo.clear();
    data.reducers.clear();
    data.reducers.use(options);
  });
}

}  // namespace

PyType_Spec base_pickler_spec = {
    "cppickle.BasePickler", sizeof(PicklerObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};

void dump_with(ModuleState& state, PicklerObject* pickler, PyObject* object,
               const DumpOptions& options) {
  PicklerData& data = *pickler->data;
  if (!data.write) {
    cpython::raise_format(state.imported.pickling_error,
                          "Pickler.__init__() was not called by %s.__init__()",
                          Py_TYPE(pickler)->tp_name);
  }
  Running running(data);
  data.reducers.use(options);
  // Held: a hook may call __init__ again, which replaces it.
  Ref write = Ref::borrow(data.write.get());
  if (is_observed(options)) [[unlikely]] {
    Ref whole = shipped_by(state, pickler, object, options);
    checked(PyObject_CallOneArg(write.get(), whole.get()));
    return;
  }
  FileSink sink(write.get(), data.memo);
  dump_into(state, pickler, object, sink, nullptr);
}

}  // namespace cppickle::module
