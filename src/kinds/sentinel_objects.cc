#include "kinds/sentinel_objects.h"

#include "policy/policy.h"

namespace cppickle::kinds {

using policy::GlobalName;
using stream::StreamState;

bool save_sentinel(StreamState& state, pickling::Pickler& pickler, PyObject* object) {
  if (!pickler.memo().pools_strings()) return false;
  GlobalName name = state.name_of_sentinel(object);
  if (name.qualname == nullptr) return false;
  pickler.emit_global(object, name.module, name.qualname);
  return true;
}

}  // namespace cppickle::kinds
