#include "kinds/module_members.h"

#include "cpython/reads.h"
#include "policy/policy.h"

namespace cppickle::kinds {

using pickling::Pickler;
using policy::GlobalName;
using policy::ModuleMembers;
using stream::StreamState;

bool save_module_member(StreamState& state, Pickler& pickler, PyObject* object,
                        ModuleMembers::Kind kind) {
  GlobalName name = state.name_of_member(object, kind);
  if (name.qualname == nullptr) return false;
  pickler.before_foreign_code();  // the names live as long as nobody asks for others
  pickler.emit_global(object, name.module, name.qualname);
  return true;
}

bool save_sentinel(StreamState& state, Pickler& pickler, PyObject* object) {
  return pickler.memo().has_code() &&
         save_module_member(state, pickler, object, ModuleMembers::Kind::kSentinel);
}

bool save_nameless_structure(StreamState& state, Pickler& pickler, PyObject* object) {
  PyObject* type = cpython::as_object(cpython::read_type(object));
  return state.travels_by_value(pickler, type) &&
         save_module_member(state, pickler, object, ModuleMembers::Kind::kOther);
}

}  // namespace cppickle::kinds
