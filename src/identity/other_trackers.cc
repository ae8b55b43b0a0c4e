#include "identity/other_trackers.h"

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "identity/weak_tables.h"

namespace cppickle::identity {

using cpython::Imported;
using cpython::Ref;

namespace {

// The tables of one copy; borrowed.
struct OtherTracker {
  PyObject* by_class;
  PyObject* by_id;
};

bool is_instance_of(PyObject* object, PyObject* type) {
  return object != nullptr && Py_TYPE(object) == reinterpret_cast<PyTypeObject*>(type);
}

template <typename Use>
void for_each_tracker(const Imported& imported, Use use) {
  const cpython::Names& names = imported.names;
  for (PyObject* name :
       {names.cloudpickle, names.cloudpickle_of_ray, names.cloudpickle_of_pyspark,
        names.cloudpickle_of_joblib, names.cloudpickle_of_compat}) {
    PyObject* module = cpython::loaded_module(name);
    if (module == nullptr || !PyModule_Check(module)) continue;
    auto entry = [&](PyObject* key) {
      return cpython::dict_entry(PyModule_GetDict(module), key);
    };
    OtherTracker tracker{entry(names.tracker_by_class), entry(names.tracker_by_id)};
    if (is_instance_of(tracker.by_class, imported.weak_key_dictionary) &&
        is_instance_of(tracker.by_id, imported.weak_value_dictionary))
      use(tracker);
  }
}

}  // namespace

bool hashes_by_identity(PyObject* object) {
  return cpython::read_class(cpython::read_type(object))->tp_hash ==
         PyBaseObject_Type.tp_hash;
}

std::size_t count_other_trackers(const Imported& imported) {
  std::size_t count = 0;
  for_each_tracker(imported, [&](const OtherTracker&) { ++count; });
  return count;
}

Ref id_in_other_trackers(const Imported& imported, PyObject* object) {
  Ref id;
  if (!hashes_by_identity(object)) return id;
  for_each_tracker(imported, [&](const OtherTracker& tracker) {
    if (!id) id = under_weak_key(imported, tracker.by_class, object);
  });
  return id;
}

void enter_in_other_trackers(const Imported& imported, PyObject* object, PyObject* id) {
  if (!hashes_by_identity(object)) return;
  for_each_tracker(imported, [&](const OtherTracker& tracker) {
    if (!under_weak_key(imported, tracker.by_class, object))
      set_weak_key(imported, tracker.by_class, object, id);
    if (!has_weak_value(imported, tracker.by_id, id))
      set_weak_value(imported, tracker.by_id, id, object);
  });
}

}  // namespace cppickle::identity
