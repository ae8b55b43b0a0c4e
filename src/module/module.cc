// The extension module cppickle._core.
#include <cstring>
#include <memory>

#include "by_value/registration.h"
#include "cpython/borrow_scope.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "module/borrow_functions.h"
#include "module/compat_functions.h"
#include "module/functions.h"
#include "module/memo_proxy.h"
#include "module/options.h"
#include "module/pickler_object.h"
#include "module/read_functions.h"
#include "module/state.h"

namespace cppickle::module {

using cpython::checked;
using cpython::checked_status;
using cpython::Ref;

int ModuleState::traverse(visitproc visit, void* arg) const {
  Py_VISIT(base_pickler_type);
  Py_VISIT(pickler_type);
  Py_VISIT(memo_proxy_type);
  Py_VISIT(reducer_override);
  Py_VISIT(block_options);
  Py_VISIT(default_options.ship.get());
  if (int status = context.traverse(visit, arg)) return status;
  return imported.traverse(visit, arg);
}

void ModuleState::release() {
  Py_CLEAR(base_pickler_type);
  Py_CLEAR(pickler_type);
  Py_CLEAR(memo_proxy_type);
  Py_CLEAR(reducer_override);
  Py_CLEAR(block_options);
  default_options.ship.reset();
  plans.clear();
  expansion_cache.clear();
  context.release();
  imported.release();
}

ModuleState& state_of_type(PyTypeObject* type) {
  PyObject* mro = type->tp_mro;
  for (Py_ssize_t i = 0; mro != nullptr && i < PyTuple_GET_SIZE(mro); ++i) {
    PyObject* module = cpython::module_of_type(
        reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(mro, i)));
    if (module != nullptr && PyModule_GetDef(module) == &module_definition)
      return state_of_module(module);
  }
  cpython::raise_format(PyExc_TypeError, "%.200s is not derived from cppickle.Pickler",
                        type->tp_name);
}

namespace {

PyTypeObject* made_type(PyObject* module, PyType_Spec& spec) {
  return reinterpret_cast<PyTypeObject*>(
      checked(PyType_FromModuleAndSpec(module, &spec, nullptr)).release());
}

constexpr char kPicklerDoc[] =
    "Pickler(file, protocol=None, buffer_callback=None, *, fix_imports=True, "
    "class_ids=None, ship=None, warn_local=None)\n--\n\n"
    "Writes pickles, Python code by value among them, to a file.\n\n"
    "file: an object with write(bytes).\n"
    "protocol: 0 to 5; None or a negative number is the highest.\n"
    "buffer_callback: called with each PickleBuffer (PEP 574); a false answer sends it "
    "out of band.\n"
    "fix_imports: Python 2's module names for protocols before 3.\n"
    "class_ids: as for dumps(). What is None is looked up at each dump().\n"
    "ship: as for dumps().\n"
    "warn_local: as for dumps().\n\n"
    "Subclasses may define persistent_id, reducer_override and dispatch_table, as "
    "with\n"
    "pickle.Pickler; the class-level dispatch_table, also named dispatch, may be "
    "changed in place.";

// The class that users see, as a class statement would make it: its instances take
// attributes.
PyTypeObject* made_pickler_type(PyTypeObject* base) {
  Ref made = checked(PyObject_CallFunction(
      reinterpret_cast<PyObject*>(&PyType_Type), "s(O){s:s,s:s}", "Pickler", base,
      "__module__", "cppickle", "__doc__", kPicklerDoc));
  // The signature is read from what the class was made with, and help() shows it.
  const char* text = std::strstr(kPicklerDoc, "\n--\n\n");
  Ref doc = checked(PyUnicode_FromString(text + std::strlen("\n--\n\n")));
  checked_status(PyObject_SetAttrString(made.get(), "__doc__", doc.get()));
  return reinterpret_cast<PyTypeObject*>(made.release());
}

// Pickler.dispatch_table and .dispatch: one ChainMap, the user's reducers before
// copyreg's.
void add_class_level_table(ModuleState& state) {
  Ref own = checked(PyDict_New());
  Ref table = checked(
      PyObject_CallFunctionObjArgs(state.imported.chain_map, own.get(),
                                   state.imported.copyreg_dispatch_table, nullptr));
  auto type = reinterpret_cast<PyObject*>(state.pickler_type);
  checked_status(
      PyObject_SetAttr(type, state.imported.names.dispatch_table, table.get()));
  checked_status(PyObject_SetAttrString(type, "dispatch", table.get()));
  checked_status(PyObject_SetAttrString(type, "_dispatch_table", own.get()));
}

void add_types(PyObject* module, ModuleState& state) {
  state.base_pickler_type = made_type(module, base_pickler_spec);
  state.pickler_type = made_pickler_type(state.base_pickler_type);
  state.memo_proxy_type = made_type(module, memo_proxy_spec);
  add_class_level_table(state);
  checked_status(PyModule_AddType(module, state.base_pickler_type));
  checked_status(PyModule_AddType(module, state.pickler_type));
}

int exec_module(PyObject* module) {
  return cpython::guarded(-1, [&] {
    auto slot = static_cast<ModuleState**>(PyModule_GetState(module));
    *slot = new ModuleState;
    ModuleState& state = **slot;
    if constexpr (cpython::kChecksBorrows) cpython::watch_calls();
    cpython::load_dict_layout();
    state.imported.load();
    state.context.load();
    by_value::register_reducers(state.context);
    state.expansion_cache.load();
    add_types(module, state);
    checked_status(PyModule_AddObjectRef(module, "DeepRecursionError",
                                         state.imported.deep_recursion_error));
    checked_status(PyModule_AddFunctions(module, compat_functions));
    checked_status(PyModule_AddFunctions(module, option_functions));
    if constexpr (cpython::kLogsReads)
      checked_status(PyModule_AddFunctions(module, read_functions));
    if constexpr (cpython::kChecksBorrows)
      checked_status(PyModule_AddFunctions(module, borrow_functions));
    checked_status(
        PyModule_AddIntConstant(module, "DEFAULT_PROTOCOL", core::kHighestProtocol));
    checked_status(PyModule_AddStringConstant(module, "__version__", CPPICKLE_VERSION));
    return 0;
  });
}

ModuleState* state_or_null(PyObject* module) {
  auto slot = static_cast<ModuleState**>(PyModule_GetState(module));
  return slot == nullptr ? nullptr : *slot;
}

int traverse_module(PyObject* module, visitproc visit, void* arg) {
  ModuleState* state = state_or_null(module);
  return state == nullptr ? 0 : state->traverse(visit, arg);
}

int clear_module(PyObject* module) {
  if (ModuleState* state = state_or_null(module)) state->release();
  return 0;
}

void free_module(void* module) {
  auto object = static_cast<PyObject*>(module);
  clear_module(object);
  delete state_or_null(object);
}

PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(exec_module)},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, nullptr},
};

}  // namespace

PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT, "_core",      "The pickling engine of cppickle.",
    sizeof(ModuleState*),  functions,    module_slots,
    traverse_module,       clear_module, free_module,
};

}  // namespace cppickle::module

PyMODINIT_FUNC PyInit__core() {
  return PyModuleDef_Init(&cppickle::module::module_definition);
}
