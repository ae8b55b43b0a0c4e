#include "module/functions.h"

#include <cstring>
#include <utility>

#include "by_value/dispatcher.h"
#include "core/emitter.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/ref.h"
#include "module/arguments.h"
#include "module/options.h"
#include "module/pickler_object.h"
#include "module/pickler_struct.h"
#include "module/shipping.h"
#include "module/sinks.h"
#include "module/state.h"
#include "module/unpickler_object.h"
#include "pickling/hooks.h"
#include "pickling/memo.h"
#include "pickling/name_observer.h"
#include "pickling/pickler.h"
#include "stream/options.h"
#include "unpickling/input.h"
#include "unpickling/object_table.h"
#include "unpickling/unpickler.h"

namespace cppickle::module {
namespace {

using cpython::checked;
using cpython::guarded;
using cpython::Ref;
using pickling::NameObserver;

// PyMethodDef holds every calling convention as a PyCFunction.
template <typename Function>
PyCFunction as_c_function(Function function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyObject* callback_from(PyObject* argument, int protocol) {
  if (argument == nullptr || argument == Py_None) return nullptr;
  if (protocol < 5)
    cpython::raise(PyExc_ValueError, "buffer_callback needs protocol >= 5");
  return argument;
}

PyObject* dumps(PyObject* module, PyObject* const* args, Py_ssize_t given,
                PyObject* keywords) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    ModuleState& state = state_of_module(module);
    DumpOptions options = current_options(state);
    auto [object, protocol_argument, callback_argument] =
        parsed_arguments<3>("dumps", {"obj", "protocol", "buffer_callback"}, 1, args,
                            given, keywords, [&](PyObject* name, PyObject* value) {
                              return set_option(options, name, value);
                            });
    int protocol = protocol_from(protocol_argument);
    PyObject* callback = callback_from(callback_argument, protocol);
    if (!is_observed(options)) [[likely]]
      return dumped(state, object, protocol, callback, options, nullptr).release();
    // Buffers are handed out once.
    int tries = callback == nullptr ? kMostTries : 0;
    auto dump = [&](NameObserver& observer) {
      return dumped(state, object, protocol, callback, options, &observer);
    };
    return shipped(options, protocol, tries, dump, [] {}).release();
  });
}

// _observed_dump(obj, protocol=None): the stream, the modules and the functions.
PyObject* observed_dump(PyObject* module, PyObject* args) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    PyObject *object, *protocol = nullptr;
    if (!PyArg_ParseTuple(args, "O|O:_observed_dump", &object, &protocol))
      throw cpython::ErrorSet{};
    ModuleState& state = state_of_module(module);
    NameObserver observer;
    Ref stream = dumped(state, object, protocol_from(protocol), nullptr,
                        current_options(state), &observer);
    return checked(
               PyTuple_Pack(3, stream.get(), observer.modules(), observer.functions()))
        .release();
  });
}

PyObject* dump(PyObject* module, PyObject* const* args, Py_ssize_t given,
               PyObject* keywords) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    ModuleState& state = state_of_module(module);
    DumpOptions options = current_options(state);
    auto [object, file, protocol, callback] = parsed_arguments<4>(
        "dump", {"obj", "file", "protocol", "buffer_callback"}, 2, args, given,
        keywords, [&](PyObject* name, PyObject* value) {
          return set_option(options, name, value);
        });
    PyObject* none = Py_None;
    Ref pickler = checked(
        PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(state.pickler_type),
                                     file, protocol != nullptr ? protocol : none,
                                     callback != nullptr ? callback : none, nullptr));
    dump_with(state, as_pickler(pickler.get()), object, options);
    return Py_NewRef(Py_None);
  });
}

const char* text_from(PyObject* argument, const char* what, const char* otherwise) {
  if (argument == nullptr) return otherwise;
  if (!PyUnicode_Check(argument)) {
    cpython::raise_format(PyExc_TypeError,
                          "loads() argument '%s' must be str, not %.50s", what,
                          Py_TYPE(argument)->tp_name);
  }
  Py_ssize_t size;
  const char* text = PyUnicode_AsUTF8AndSize(argument, &size);
  if (text == nullptr) throw cpython::ErrorSet{};
  if (std::strlen(text) != static_cast<std::size_t>(size))
    cpython::raise(PyExc_ValueError, "embedded null character");
  return text;
}

PyObject* loads(PyObject* module, PyObject* const* args, Py_ssize_t given,
                PyObject* keywords) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    ModuleState& state = state_of_module(module);
    if (given != 1) {
      cpython::raise_format(PyExc_TypeError,
                            "loads() takes exactly 1 positional argument (%zd given)",
                            given);
    }
    unpickling::LoadHooks hooks;
    Ref buffers;
    if (keywords != nullptr) {
      auto [fix_imports, encoding, errors, buffers_argument] =
          parsed_arguments<4>("loads", {"fix_imports", "encoding", "errors", "buffers"},
                              0, args + given, 0, keywords);
      if (fix_imports != nullptr)
        hooks.fix_imports = cpython::checked_status(PyObject_IsTrue(fix_imports)) != 0;
      hooks.encoding = text_from(encoding, "encoding", hooks.encoding);
      hooks.errors = text_from(errors, "errors", hooks.errors);
      buffers = Ref::steal(buffers_from(buffers_argument));
    }
    hooks.buffers = buffers.get();
    unpickling::HeldBytes data;
    data.hold(args[0]);
    unpickling::Input input(state.imported, data.view());
    unpickling::ObjectTable memo;
    return unpickling::Unpickler(state.imported, state.codes, input, memo, hooks)
        .load()
        .release();
  });
}

PyObject* load(PyObject* module, PyObject* const* args, Py_ssize_t given,
               PyObject* keywords) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    auto type = reinterpret_cast<PyObject*>(state_of_module(module).unpickler_type);
    Ref unpickler = checked(
        PyObject_Vectorcall(type, args, static_cast<std::size_t>(given), keywords));
    return checked(PyObject_CallMethod(unpickler.get(), "load", nullptr)).release();
  });
}

PyObject* register_pickle_by_value(PyObject* module, PyObject* const* args,
                                   Py_ssize_t given, PyObject* keywords) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    auto [argument] = parsed_arguments<1>("register_pickle_by_value", {"module"}, 1,
                                          args, given, keywords);
    state_of_module(module).context.policy().add(argument);
    return Py_NewRef(Py_None);
  });
}

PyObject* unregister_pickle_by_value(PyObject* module, PyObject* const* args,
                                     Py_ssize_t given, PyObject* keywords) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    auto [argument] = parsed_arguments<1>("unregister_pickle_by_value", {"module"}, 1,
                                          args, given, keywords);
    state_of_module(module).context.policy().remove(argument);
    return Py_NewRef(Py_None);
  });
}

PyObject* list_registry_pickle_by_value(PyObject* module, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    return state_of_module(module).context.policy().registry_copy().release();
  });
}

}  // namespace

Ref dumped(ModuleState& state, PyObject* object, int protocol, PyObject* callback,
           const DumpOptions& options, NameObserver* observer) {
  pickling::Hooks hooks;
  hooks.buffer_callback = callback;
  Ref table = Ref::borrow(
      cpython::type_lookup(state.pickler_type, state.imported.names.dispatch_table));
  hooks.dispatch_table = table.get();
  hooks.memo_is_dropped = true;
  hooks.foreign_reducers = state.context.overrides().any();
  hooks.observer = observer;
  pickling::Memo memo;
  // An override is foreign code where the engine expects none.
  if (!hooks.foreign_reducers) memo.borrow_keys();
  by_value::Dispatcher reducers(state.context, state.expansion_cache);
  hooks.answers = &reducers.answers();
  reducers.use(options);
  BytesSink sink;
  core::Emitter emitter(sink, protocol);
  pickling::Pickler(state.imported, state.plans, memo, reducers, emitter, hooks)
      .dump(object);
  return sink.take(emitter.size());
}

PyMethodDef functions[] = {
    {"dumps", as_c_function(dumps), METH_FASTCALL | METH_KEYWORDS,
     "dumps($module, /, obj, protocol=None, buffer_callback=None, *, "
     "class_ids=None, ship=None, warn_local=None)\n--\n\n"
     "The pickle of obj as bytes, Python code by value.\n\n"
     "protocol: 0 to 5; None or a negative number is the highest.\n"
     "buffer_callback: called with each PickleBuffer (PEP 574); a false answer sends "
     "it out of band.\n"
     "class_ids: 'content': classes of equal content are one class where streams are "
     "loaded, whoever sent\n"
     "them; 'process': only those that this process sends; None: as "
     "cppickle.options() and set_default()\n"
     "say, else 'content'.\n"
     "ship: which modules travel as source and are imported where the stream is "
     "loaded: 'local' for those\n"
     "that no installed distribution has, a list of names, folders and predicates, or "
     "a cppickle.shipment();\n"
     "None: as cppickle.shipping() and set_default() say, else none.\n"
     "warn_local: True: warn of local modules that are named and do not travel; "
     "False, which is built in: do\n"
     "not; None: as cppickle.options() and set_default() say.\n\n"
     "Raises ValueError for another protocol or value of an option, and what the "
     "objects on the way raise\n"
     "(pickle.PicklingError, TypeError, ...), with the path to the object that failed "
     "as the exception's\n"
     "attribute cppickle_path."},
    {"dump", as_c_function(dump), METH_FASTCALL | METH_KEYWORDS,
     "dump($module, /, obj, file, protocol=None, buffer_callback=None, *, "
     "class_ids=None, ship=None, warn_local=None)\n--\n\n"
     "Write the pickle of obj to file, an object with write(bytes). Otherwise as "
     "dumps()."},
    {"loads", as_c_function(loads), METH_FASTCALL | METH_KEYWORDS,
     "loads($module, data, /, *, fix_imports=True, encoding='ASCII', "
     "errors='strict', buffers=())\n--\n\n"
     "The object that a pickle holds, as pickle.loads() gives it.\n\n"
     "data: bytes, or any object with the buffer interface. Streams of cloudpickle "
     "load "
     "also where cloudpickle is not installed."},
    {"load", as_c_function(load), METH_FASTCALL | METH_KEYWORDS,
     "load($module, /, file, *, fix_imports=True, encoding='ASCII', "
     "errors='strict', buffers=())\n--\n\n"
     "The object that the next pickle in file holds, as pickle.load() gives it. "
     "Otherwise as loads()."},
    {"register_pickle_by_value", as_c_function(register_pickle_by_value),
     METH_FASTCALL | METH_KEYWORDS,
     "register_pickle_by_value($module, /, module)\n--\n\n"
     "Send functions and classes of an imported module, and of its submodules, by "
     "value from now on.\n\n"
     "Raises ValueError for what is no module or not in sys.modules."},
    {"unregister_pickle_by_value", as_c_function(unregister_pickle_by_value),
     METH_FASTCALL | METH_KEYWORDS,
     "unregister_pickle_by_value($module, /, module)\n--\n\n"
     "Send them by reference again. Raises ValueError when the module is not "
     "registered."},
    {"list_registry_pickle_by_value", list_registry_pickle_by_value, METH_NOARGS,
     "list_registry_pickle_by_value($module, /)\n--\n\nThe names of the registered "
     "modules, as a new set."},
    {"_observed_dump", observed_dump, METH_VARARGS,
     "_observed_dump($module, obj, protocol=None, /)\n--\n\n"
     "The pickle of obj, a set of the names of the modules that it names, and a list "
     "of the functions whose code is in it."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace cppickle::module
