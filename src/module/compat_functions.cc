#include "module/compat_functions.h"

#include <utility>

#include "cpython/error.h"
#include "cpython/ref.h"
#include "module/state.h"
#include "stream/by_value_context.h"

namespace cppickle::module {
namespace {

using cpython::guarded;

PyObject* by_value_modules(PyObject* module, PyObject*) {
  return Py_NewRef(state_of_module(module).context.policy().registry());
}

PyObject* use_by_value_modules(PyObject* module, PyObject* names) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    state_of_module(module).context.policy().use_registry(names);
    return Py_NewRef(Py_None);
  });
}

PyObject* replace_helper(PyObject* module, PyObject* args) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    PyObject *name, *function;
    if (!PyArg_ParseTuple(args, "UO:_replace_helper", &name, &function))
      throw cpython::ErrorSet{};
    state_of_module(module).context.overrides().set(name, function);
    return Py_NewRef(Py_None);
  });
}

PyObject* code_globals(PyObject* module, PyObject* code) {
  return guarded(static_cast<PyObject*>(nullptr), [&]() -> PyObject* {
    if (!PyCode_Check(code))
      cpython::raise(PyExc_TypeError, "_code_globals() needs a code object");
    stream::ByValueContext& context = state_of_module(module).context;
    return Py_NewRef(context.code_info(code).global_names.get());
  });
}

// Makes it the class's method: as one written in Python it takes any `self`.
PyObject* set_reducer_override(PyObject* module, PyObject* function) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    ModuleState& state = state_of_module(module);
    cpython::checked_status(
        PyObject_SetAttr(reinterpret_cast<PyObject*>(state.pickler_type),
                         state.imported.names.reducer_override, function));
    cpython::Ref old =
        cpython::Ref::steal(std::exchange(state.reducer_override, Py_NewRef(function)));
    return Py_NewRef(Py_None);
  });
}

}  // namespace

PyMethodDef compat_functions[] = {
    {"_by_value_modules", by_value_modules, METH_NOARGS,
     "_by_value_modules($module, /)\n--\n\n"
     "The set that holds the names of the modules which travel by value, itself."},
    {"_use_by_value_modules", use_by_value_modules, METH_O,
     "_use_by_value_modules($module, names, /)\n--\n\nUse another set from now on."},
    {"_replace_helper", replace_helper, METH_VARARGS,
     "_replace_helper($module, name, function, /)\n--\n\n"
     "Call function where a helper of cloudpickle is to decide; None: natively again."},
    {"_code_globals", code_globals, METH_O,
     "_code_globals($module, code, /)\n--\n\n"
     "The names that the code and the code in it use as globals, as a tuple."},
    {"_set_reducer_override", set_reducer_override, METH_O,
     "_set_reducer_override($module, function, /)\n--\n\n"
     "Make it Pickler.reducer_override, which leaves every object to the pickler."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace cppickle::module
