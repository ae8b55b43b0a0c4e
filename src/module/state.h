// What one instance of the module `_core` owns.
#ifndef CPPICKLE_MODULE_STATE_H_
#define CPPICKLE_MODULE_STATE_H_

#include "caching/expansion_cache.h"
#include "cpython/imported.h"
#include "cpython/ref.h"
#include "pickling/instance_plans.h"
#include "stream/by_value_context.h"
#include "stream/options.h"
#include "unpickling/code_cache.h"

namespace cppickle::module {

// What is set for a dump, or by default: what the streams' state reads, and what is
// done when the stream is there (module/shipping.h).
struct DumpOptions : stream::Options {
  DumpOptions() = default;
  DumpOptions(const DumpOptions& other)
      : Options(other),
        ship(cpython::Ref::borrow(other.ship.get())),
        warn_local(other.warn_local) {}
  DumpOptions(DumpOptions&& other) = default;
  DumpOptions& operator=(DumpOptions&& other) = default;

  cpython::Ref ship;  // a Selection of cppickle._shipping; empty: nothing is shipped
  bool warn_local = false;
};

// Nothing is kept in globals or statics: sub-interpreters stay apart.
// Thread safety: requires the GIL.
struct ModuleState {
  cpython::Imported imported;
  pickling::InstancePlans plans{imported.names};
  stream::ByValueContext context{imported};
  caching::ExpansionCache expansion_cache;
  unpickling::CodeCache codes{imported};
  PyTypeObject* base_pickler_type = nullptr;  // owned, as all below
  PyTypeObject* pickler_type = nullptr;       // its subclass that users see
  PyTypeObject* memo_proxy_type = nullptr;
  PyTypeObject* unpickler_type = nullptr;
  PyTypeObject* unpickler_memo_proxy_type = nullptr;
  PyObject* reducer_override = nullptr;  // Pickler's own, a function in Python
  PyObject* block_options = nullptr;     // a ContextVar; null: there was no block yet
  DumpOptions default_options;

  int traverse(visitproc visit, void* arg) const;
  void release();
};

extern PyModuleDef module_definition;

// The state of the module that made `type` or a base of it; throws ErrorSet for a
// stranger.
ModuleState& state_of_type(PyTypeObject* type);
inline ModuleState& state_of_module(PyObject* module) {
  return **static_cast<ModuleState**>(PyModule_GetState(module));
}

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_STATE_H_
