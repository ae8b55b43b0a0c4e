#include "kinds/sentinel_objects.h"

#include "policy/policy.h"

namespace cppickle::kinds {

using policy::GlobalName;
using stream::StreamState;

bool save_sentinel(StreamState& reducers, pickling::Pickler& pickler,
                   PyObject* object) {
  if (!pickler.memo().unifies_strings()) return false;
  GlobalName name = reducers.name_of_sentinel(object);
  if (name.qualname == nullptr) return false;
  pickler.emit_global(object, name.module, name.qualname);
  return true;
}

}  // namespace cppickle::kinds
