// Objects of the standard library that the engine uses, imported once per module.
#ifndef CPPICKLE_CPYTHON_IMPORTED_H_
#define CPPICKLE_CPYTHON_IMPORTED_H_

#include "cpython/names.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// Owned by the module's state; everything below borrows from it.
struct Imported {
  Names names{};

  PyObject* pickling_error = nullptr;          // pickle.PicklingError
  PyObject* unpickling_error = nullptr;        // pickle.UnpicklingError
  PyObject* deep_recursion_error = nullptr;    // a PicklingError and RecursionError
  PyObject* copyreg_dispatch_table = nullptr;  // copyreg.dispatch_table, live
  PyObject* extension_registry = nullptr;      // copyreg._extension_registry, live
  PyObject* inverted_registry = nullptr;       // copyreg._inverted_registry, live
  PyObject* extension_cache = nullptr;         // copyreg._extension_cache, live
  PyObject* name_mapping_2to3 = nullptr;       // _compat_pickle.NAME_MAPPING
  PyObject* import_mapping_2to3 = nullptr;     // _compat_pickle.IMPORT_MAPPING
  PyObject* name_mapping_3to2 = nullptr;       // _compat_pickle.REVERSE_NAME_MAPPING
  PyObject* import_mapping_3to2 = nullptr;     // _compat_pickle.REVERSE_IMPORT_MAPPING
  PyObject* codecs_encode = nullptr;           // _codecs.encode
  PyObject* builtin_getattr = nullptr;         // builtins.getattr
  PyObject* functools_partial = nullptr;       // functools.partial
  PyObject* chain_map = nullptr;               // collections.ChainMap
  PyObject* unmarshal_code = nullptr;          // zipimport._unmarshal_code
  PyObject* marshal_loads = nullptr;           // marshal.loads
  PyObject* builtin_import = nullptr;          // builtins.__import__
  PyObject* dict_setdefault = nullptr;         // dict.setdefault
  PyObject* dict_update = nullptr;             // dict.update
  PyObject* object_setattr = nullptr;          // object.__setattr__
  PyObject* object_getattribute = nullptr;     // object.__getattribute__
  PyObject* dict_clear = nullptr;              // dict.clear
  PyObject* weak_value_dictionary = nullptr;   // weakref.WeakValueDictionary
  PyObject* weak_key_dictionary = nullptr;     // weakref.WeakKeyDictionary
  PyObject* keyed_reference = nullptr;         // weakref.KeyedRef
  PyObject* abc_meta = nullptr;                // abc.ABCMeta
  PyObject* abc_register = nullptr;            // _abc._abc_register
  PyObject* abc_get_dump = nullptr;            // _abc._get_dump
  PyObject* blake2b = nullptr;                 // _blake2.blake2b
  PyObject* string_io = nullptr;               // io.StringIO
  PyObject* lru_cache_type = nullptr;          // functools._lru_cache_wrapper
  PyObject* cache_info = nullptr;              // functools._CacheInfo
  PyObject* cmp_to_key = nullptr;              // functools.cmp_to_key
  PyObject* cached_property = nullptr;         // functools.cached_property
  PyObject* weak_proxy = nullptr;              // weakref.proxy
  PyObject* proxy_type = nullptr;              // weakref.ProxyType
  PyObject* callable_proxy_type = nullptr;     // weakref.CallableProxyType
  PyObject* ordered_dict = nullptr;            // collections.OrderedDict
  PyObject* stdlib_modules = nullptr;          // sys.stdlib_module_names
  PyObject* sys_dict_get = nullptr;            // sys.__dict__.get, a bound method
  PyObject* operator_mul = nullptr;            // operator.mul
  PyObject* operator_getitem = nullptr;        // operator.getitem
  PyObject* builtin_eval = nullptr;            // builtins.eval
  PyObject* builtin_exec = nullptr;            // builtins.exec
  PyObject* empty_bytes = nullptr;
  PyObject* one = nullptr;
  PyObject* empty_tuple = nullptr;
  PyObject* from_name = nullptr;        // ('__name__',)
  PyObject* digest_size = nullptr;      // 12: blake2b's, with these keywords
  PyObject* digest_keywords = nullptr;  // ('digest_size',)

  void load();  // throws ErrorSet
  int traverse(visitproc visit, void* arg) const;
  void release();  // allowed after a load() that failed
};

// True for the name of a module of the standard library, or of a package in it.
bool is_of_standard_library(const Imported& imported, PyObject* module_name);

// `module.attribute`, imported.  Throws ErrorSet.
Ref import_attribute(const char* module, const char* attribute);

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_IMPORTED_H_
