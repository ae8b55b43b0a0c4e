#include "policy/known_globals.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "core/byte_sink.h"
#include "core/emitter.h"
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "pickling/pickler.h"

namespace cppickle::policy {

using cpython::checked;
using cpython::Ref;

namespace {

std::string encoded_global(PyObject* module, PyObject* name) {
  core::MemorySink sink;
  core::Emitter emitter(sink, 4);
  for (PyObject* text : {module, name}) {
    emitter.utf8(cpython::utf8_view(text), nullptr);
  }
  emitter.op(core::Opcode::STACK_GLOBAL);
  return std::string(emitter.written(0));
}

// True when the type's own name leads to it.
bool tells_truthfully(PyTypeObject* type) {
  const char* dot = std::strrchr(type->tp_name, '.');
  std::string module = dot == nullptr ? "builtins" : std::string(type->tp_name, dot);
  PyObject* loaded = PyDict_GetItemString(cpython::loaded_modules(), module.c_str());
  Ref found = Ref::steal(
      loaded == nullptr
          ? nullptr
          : PyObject_GetAttrString(loaded, dot == nullptr ? type->tp_name : dot + 1));
  PyErr_Clear();
  return found.get() == reinterpret_cast<PyObject*>(type);
}

}  // namespace

void KnownGlobals::load() {
  register_members_of("types");
  register_members_of("_collections_abc");
  register_methods();
  register_functions();
}

int KnownGlobals::traverse(visitproc visit, void* arg) const {
  for (PyObject* object : owned_) Py_VISIT(object);
  return 0;
}

void KnownGlobals::release() {
  globals_.clear();
  for (PyObject* object : std::exchange(owned_, {})) Py_DECREF(object);
}

GlobalName KnownGlobals::name_of(PyObject* object) const {
  auto found = globals_.find(object);
  return found == globals_.end() ? GlobalName{} : found->second.name;
}

bool KnownGlobals::save(pickling::Pickler& pickler, PyObject* object) const {
  auto found = globals_.find(object);
  if (found == globals_.end()) return false;
  const KnownGlobal& known = found->second;
  // Data by itself keeps the standard pickler's bytes, which memoizes the names.
  if (pickler.protocol() < 4 || pickler.asks_for_ids() || !pickler.memo().has_code()) {
    pickler.emit_global(object, known.name.module, known.name.qualname);
  } else {
    pickler.emit_fragment(known.fragment);
    pickler.memoize(object);
  }
  return true;
}

PyObject* KnownGlobals::own_name(const char* text) {
  owned_.push_back(checked(PyUnicode_InternFromString(text)).release());
  return owned_.back();
}

void KnownGlobals::register_global(const char* module, PyObject* name,
                                   PyObject* object) {
  PyObject* module_name = own_name(module);
  owned_.push_back(Py_NewRef(name));
  owned_.push_back(Py_NewRef(object));
  globals_.try_emplace(
      object, KnownGlobal{{module_name, name}, encoded_global(module_name, name)});
}

void KnownGlobals::register_members_of(const char* module) {
  Ref imported = checked(PyImport_ImportModule(module));
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (PyDict_Next(PyModule_GetDict(imported.get()), &position, &name, &value)) {
    if (!PyType_Check(value)) continue;
    auto type = reinterpret_cast<PyTypeObject*>(value);
    bool plain = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0;
    if (plain && !tells_truthfully(type)) register_global(module, name, value);
  }
}

// Methods that our own streams call: a dotted name is shorter than getattr(type, name).
void KnownGlobals::register_methods() {
  for (const char* full :
       {"type.__new__", "type.__setattr__", "object.__new__", "int.__new__",
        "str.__new__", "property.__new__", "property.__init__", "dict.setdefault",
        "dict.update", "dict.clear", "object.__getattribute__", "classmethod.__new__",
        "classmethod.__init__", "staticmethod.__new__", "staticmethod.__init__",
        "memoryview.cast", "BaseException.__new__", "Exception.__new__"}) {
    std::string_view name(full);
    std::string owner_name(name.substr(0, name.find('.')));
    Ref owner = cpython::import_attribute("builtins", owner_name.c_str());
    Ref method =
        checked(PyObject_GetAttrString(owner.get(), full + owner_name.size() + 1));
    register_global("builtins", own_name(full), method.get());
  }
}

// Classes and functions that most of our streams call.
void KnownGlobals::register_functions() {
  struct Function {
    const char* module;
    const char* name;
    PyObject* object;
  };
  const Function functions[] = {
      {"zipimport", "_unmarshal_code", imported_.unmarshal_code},
      {"marshal", "loads", imported_.marshal_loads},
      {"builtins", "getattr", imported_.builtin_getattr},
      {"builtins", "__import__", imported_.builtin_import},
      {"builtins", "eval", imported_.builtin_eval},
      {"builtins", "exec", imported_.builtin_exec},
      {"sys", "__dict__.get", imported_.sys_dict_get},
      {"abc", "ABCMeta", imported_.abc_meta},
      {"functools", "_CacheInfo", imported_.cache_info},
      {"_abc", "_abc_register", imported_.abc_register},
  };
  for (const Function& function : functions) {
    register_global(function.module, own_name(function.name), function.object);
  }
  // Each field of a named tuple has one.
  Ref getter = cpython::import_attribute("_collections", "_tuplegetter");
  register_global("_collections", own_name("_tuplegetter"), getter.get());
  // Of bases, metaclasses and annotations: their names would be made anew each time.
  for (PyTypeObject* type :
       {&PyBaseObject_Type, &PyType_Type, &PyLong_Type, &PyFloat_Type, &PyBool_Type,
        &PyUnicode_Type, &PyBytes_Type, &PyList_Type, &PyTuple_Type, &PyDict_Type,
        &PySet_Type, &PyFrozenSet_Type}) {
    register_global("builtins", own_name(type->tp_name),
                    reinterpret_cast<PyObject*>(type));
  }
}

}  // namespace cppickle::policy
