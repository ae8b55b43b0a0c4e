// Objects of the standard library that the engine uses, imported once per module.
#ifndef CPPICKLE_CPYTHON_IMPORTED_H_
#define CPPICKLE_CPYTHON_IMPORTED_H_

#include "cpython/names.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// Owned by the module's state; everything below borrows from it.
struct Imported {
  Names names{};

  PyObject* pickling_error = nullptr;            // pickle.PicklingError
  PyObject* copyreg_dispatch_table = nullptr;    // copyreg.dispatch_table, live
  PyObject* extension_registry = nullptr;        // copyreg._extension_registry, live
  PyObject* name_mapping_3to2 = nullptr;         // _compat_pickle.REVERSE_NAME_MAPPING
  PyObject* import_mapping_3to2 = nullptr;       // _compat_pickle.REVERSE_IMPORT_MAPPING
  PyObject* codecs_encode = nullptr;             // _codecs.encode
  PyObject* builtin_getattr = nullptr;           // builtins.getattr
  PyObject* functools_partial = nullptr;         // functools.partial
  PyObject* chain_map = nullptr;                 // collections.ChainMap
  PyObject* empty_tuple = nullptr;

  void load();  // throws ErrorSet
  int traverse(visitproc visit, void* arg) const;
  void release();  // allowed after a load() that failed
};

// `module.attribute`, imported.  Throws ErrorSet.
Ref import_attribute(const char* module, const char* attribute);

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_IMPORTED_H_
