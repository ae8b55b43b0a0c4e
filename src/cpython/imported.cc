#include "cpython/imported.h"

#include "cpython/error.h"

namespace cppickle::cpython {
namespace {

struct Source {
  PyObject* Imported::* field;
  const char* module;
  const char* attribute;
};

// The module pickle takes its errors from _pickle, and its own import takes as long as
// all others here.
constexpr Source kSources[] = {
    {&Imported::pickling_error, "_pickle", "PicklingError"},
    {&Imported::unpickling_error, "_pickle", "UnpicklingError"},
    {&Imported::copyreg_dispatch_table, "copyreg", "dispatch_table"},
    {&Imported::extension_registry, "copyreg", "_extension_registry"},
    {&Imported::inverted_registry, "copyreg", "_inverted_registry"},
    {&Imported::extension_cache, "copyreg", "_extension_cache"},
    {&Imported::name_mapping_2to3, "_compat_pickle", "NAME_MAPPING"},
    {&Imported::import_mapping_2to3, "_compat_pickle", "IMPORT_MAPPING"},
    {&Imported::name_mapping_3to2, "_compat_pickle", "REVERSE_NAME_MAPPING"},
    {&Imported::import_mapping_3to2, "_compat_pickle", "REVERSE_IMPORT_MAPPING"},
    {&Imported::codecs_encode, "codecs", "encode"},
    {&Imported::builtin_getattr, "builtins", "getattr"},
    {&Imported::functools_partial, "functools", "partial"},
    {&Imported::operator_mul, "operator", "mul"},
    {&Imported::operator_getitem, "operator", "getitem"},
    {&Imported::builtin_eval, "builtins", "eval"},
    {&Imported::builtin_exec, "builtins", "exec"},
    {&Imported::chain_map, "collections", "ChainMap"},
    {&Imported::unmarshal_code, "zipimport", "_unmarshal_code"},
    {&Imported::marshal_loads, "marshal", "loads"},
    {&Imported::builtin_import, "builtins", "__import__"},
    {&Imported::weak_value_dictionary, "weakref", "WeakValueDictionary"},
    {&Imported::weak_key_dictionary, "weakref", "WeakKeyDictionary"},
    {&Imported::keyed_reference, "weakref", "KeyedRef"},
    {&Imported::abc_meta, "abc", "ABCMeta"},
    {&Imported::abc_register, "_abc", "_abc_register"},
    {&Imported::abc_get_dump, "_abc", "_get_dump"},
    {&Imported::blake2b, "_blake2", "blake2b"},
    {&Imported::string_io, "io", "StringIO"},
    {&Imported::lru_cache_type, "functools", "_lru_cache_wrapper"},
    {&Imported::cache_info, "functools", "_CacheInfo"},
    {&Imported::cmp_to_key, "functools", "cmp_to_key"},
    {&Imported::cached_property, "functools", "cached_property"},
    {&Imported::stdlib_modules, "sys", "stdlib_module_names"},
    {&Imported::weak_proxy, "weakref", "proxy"},
    {&Imported::proxy_type, "weakref", "ProxyType"},
    {&Imported::callable_proxy_type, "weakref", "CallableProxyType"},
    {&Imported::ordered_dict, "collections", "OrderedDict"},
};

}  // namespace

bool is_of_standard_library(const Imported& imported, PyObject* module_name) {
  Py_ssize_t length = PyUnicode_GET_LENGTH(module_name);
  Py_ssize_t dot = PyUnicode_FindChar(module_name, '.', 0, length, 1);
  Ref package = checked(PyUnicode_Substring(module_name, 0, dot < 0 ? length : dot));
  return checked_status(PySet_Contains(imported.stdlib_modules, package.get())) != 0;
}

Ref import_attribute(const char* module, const char* attribute) {
  Ref imported = checked(PyImport_ImportModule(module));
  return checked(PyObject_GetAttrString(imported.get(), attribute));
}

void Names::load() {
  auto intern = [](const char* text) {
    return checked(PyUnicode_InternFromString(text)).release();
  };
#define CPPICKLE_LOAD_NAME(field, text) field = intern(text);
  CPPICKLE_NAMES(CPPICKLE_LOAD_NAME)
#undef CPPICKLE_LOAD_NAME
}

void Names::release() {
#define CPPICKLE_RELEASE_NAME(field, text) Py_CLEAR(field);
  CPPICKLE_NAMES(CPPICKLE_RELEASE_NAME)
#undef CPPICKLE_RELEASE_NAME
}

void Imported::load() {
  names.load();
  for (const Source& source : kSources) {
    this->*source.field = import_attribute(source.module, source.attribute).release();
  }
  Ref both = checked(PyTuple_Pack(2, pickling_error, PyExc_RecursionError));
  deep_recursion_error =
      checked(PyErr_NewExceptionWithDoc(
                  "cppickle.DeepRecursionError",
                  "Foreign code recursed too deep, or without end, during a dump.",
                  both.get(), nullptr))
          .release();
  for (PyObject* dict : {copyreg_dispatch_table, extension_registry, inverted_registry,
                         extension_cache, name_mapping_2to3, import_mapping_2to3,
                         name_mapping_3to2, import_mapping_3to2}) {
    if (!PyDict_CheckExact(dict)) {
      raise(PyExc_RuntimeError, "a table of copyreg or _compat_pickle is not a dict");
    }
  }
  auto own_method = [](PyTypeObject& type, const char* name) {
    return checked(PyObject_GetAttrString(reinterpret_cast<PyObject*>(&type), name))
        .release();
  };
  dict_setdefault = own_method(PyDict_Type, "setdefault");
  dict_update = own_method(PyDict_Type, "update");
  object_setattr = own_method(PyBaseObject_Type, "__setattr__");
  object_getattribute = own_method(PyBaseObject_Type, "__getattribute__");
  dict_clear = own_method(PyDict_Type, "clear");
  sys_dict_get =
      checked(PyObject_GetAttrString(import_attribute("sys", "__dict__").get(), "get"))
          .release();
  empty_bytes = checked(PyBytes_FromStringAndSize(nullptr, 0)).release();
  one = checked(PyLong_FromLong(1)).release();
  empty_tuple = checked(PyTuple_New(0)).release();
  from_name = checked(PyTuple_Pack(1, names.attr_name)).release();
  digest_size = checked(PyLong_FromLong(12)).release();
  digest_keywords = checked(PyTuple_Pack(1, names.digest_size)).release();
}

int Imported::traverse(visitproc visit, void* arg) const {
  for (const Source& source : kSources) Py_VISIT(this->*source.field);
  Py_VISIT(deep_recursion_error);
  Py_VISIT(sys_dict_get);
  return 0;
}

void Imported::release() {
  names.release();
  for (const Source& source : kSources) Py_CLEAR(this->*source.field);
  Py_CLEAR(empty_bytes);
  Py_CLEAR(one);
  Py_CLEAR(deep_recursion_error);
  Py_CLEAR(empty_tuple);
  Py_CLEAR(from_name);
  Py_CLEAR(digest_size);
  Py_CLEAR(digest_keywords);
  Py_CLEAR(dict_setdefault);
  Py_CLEAR(dict_update);
  Py_CLEAR(object_setattr);
  Py_CLEAR(object_getattribute);
  Py_CLEAR(dict_clear);
  Py_CLEAR(sys_dict_get);
}

}  // namespace cppickle::cpython
