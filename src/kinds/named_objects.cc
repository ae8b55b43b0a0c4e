#include "kinds/named_objects.h"

#include <vector>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "identity/other_trackers.h"
#include "identity/tracker.h"
#include "kinds/construction.h"
#include "pickling/memo.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"
#include "stream/tracked_objects.h"

namespace cppickle::kinds {

using cpython::Ref;
using identity::Identity;
using pickling::CodeScope;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using policy::GlobalName;
using stream::Entry;
using stream::StreamState;

namespace {

[[noreturn]] void refuse(Pickler& pickler, PyObject* object, const GlobalName& name,
                         const char* why) {
  pickler.fail(pickler.imported().pickling_error,
               "Can't pickle %R: its reduce value is the name %U in the module %U, "
               "which other processes do not have, and it cannot be sent by value: "
               "'%.200s' %s",
               object, name.qualname, name.module, Py_TYPE(object)->tp_name, why);
}

void require_sendable(Pickler& pickler, PyObject* object, const GlobalName& name) {
  PyTypeObject* type = cpython::read_class(cpython::read_type(object));
  if (!cpython::is_python_class(type))
    refuse(pickler, object, name, "is implemented in C");
  if (!PyType_SUPPORTS_WEAKREFS(type)) {
    refuse(pickler, object, name,
           "takes no weak references; '__weakref__' among its __slots__ would help");
  }
}

// What object.__setattr__ would have set.  Owns the values.
struct Attributes {
  std::vector<Entry> entries;
  std::vector<Ref> held;

  void add(PyObject* name, PyObject* value) {
    held.push_back(Ref::borrow(value));
    entries.push_back({name, value, Label::kAttribute});
  }
  void add_dict(PyObject* dict) {
    Py_ssize_t position = 0;
    PyObject *name, *value;
    while (cpython::read_next(dict, &position, &name, &value)) {
      if (PyUnicode_Check(name)) add(name, value);
    }
  }
  // The slots that `owner` declares, a class of the object's.
  void add_slots(PyTypeObject* owner, PyObject* object) {
    Py_ssize_t position = 0;
    PyObject *name, *member;
    PyObject* dict = cpython::read_class_dict(owner);
    while (cpython::own_next(dict, &position, &name, &member)) {
      if (Py_TYPE(member) != &PyMemberDescr_Type) continue;
      Py_ssize_t offset;
      if (!cpython::object_member_offset(owner, member, offset)) continue;
      PyObject* value =
          *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + offset);
      if (value != nullptr) add(name, value);
    }
  }
};

Attributes attributes_of(PyObject* object) {
  Attributes attributes;
  if (Ref dict = cpython::read_instance_dict(object)) attributes.add_dict(dict.get());
  cpython::note_read(cpython::Read::kContent, object);
  for (PyObject* owner : cpython::read_mro(cpython::read_type(object))) {
    auto type = reinterpret_cast<PyTypeObject*>(owner);
    if (cpython::is_python_class(type)) attributes.add_slots(type, object);
  }
  return attributes;
}

}  // namespace

bool save_named_object(StreamState& state, Pickler& pickler, PyObject* object,
                       const GlobalName& name) {
  if (!pickler.memoizing()) return false;
  if (state.save_as_edge(pickler, object)) return true;
  require_sendable(pickler, object, name);
  CodeScope code(pickler.memo());
  Identity identity = state.identify(pickler, object);
  Construction construction = construction_of(pickler, object);
  Attributes attributes = attributes_of(object);
  Script script(pickler);
  stream::begin_tracked(script, identity.id.get(), name.qualname);
  script.save(construction.make.get());
  write_arguments(script, construction);
  state.end_bases(script);
  state.end_shape(script);
  identity::hashes_by_identity(object)
      ? stream::end_tracked(script, object)
      : stream::end_tracked_without_cloudpickle(script, object);
  stream::begin_state(script, identity, attributes.entries, nullptr, object,
                      name.qualname);
  script.save(cpython::as_object(&PyBaseObject_Type));
  stream::end_state(script, nullptr);
  script.start(object);
  return true;
}

}  // namespace cppickle::kinds
