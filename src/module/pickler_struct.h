// What an instance of the Python type Pickler holds.
#ifndef CPPICKLE_MODULE_PICKLER_STRUCT_H_
#define CPPICKLE_MODULE_PICKLER_STRUCT_H_

#include "by_value/dispatcher.h"
#include "cpython/ref.h"
#include "module/state.h"
#include "pickling/memo.h"

namespace cppickle::module {

// What an instance owns beside its members that Python sees.
struct PicklerData {
  explicit PicklerData(ModuleState& state)
      : reducers(state.context, state.expansion_cache) {}

  pickling::Memo memo;
  by_value::Dispatcher reducers;
  cpython::Ref write;            // empty before __init__
  cpython::Ref buffer_callback;  // empty: none
  cpython::Ref options;          // a dict of those that __init__ was given; empty: none
  cpython::Ref persistent_id;    // what was assigned to the instance of a class without
                                 // such a method
  int protocol = 0;
  bool fix_imports = true;
  bool running = false;
};

struct PicklerObject {
  PyObject_HEAD PyObject* dispatch_table;  // null: the class's
  PyObject* root_name;                     // see Hooks; null or None: none
  int fast;
  int bin;
  PicklerData* data;
};

inline PicklerObject* as_pickler(PyObject* object) {
  return reinterpret_cast<PicklerObject*>(object);
}

// Forgets everything written.  Throws ErrorSet with a RuntimeError while a dump runs.
void clear_memo(PicklerObject* pickler);

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_PICKLER_STRUCT_H_
