// The class trackers of cloudpickle's copies in this process: one class has one id,
// whoever dumps it.
#ifndef CPPICKLE_IDENTITY_OTHER_TRACKERS_H_
#define CPPICKLE_IDENTITY_OTHER_TRACKERS_H_

#include <cstddef>

#include "cpython/imported.h"
#include "cpython/ref.h"

namespace cppickle::identity {

// Where they are: `cloudpickle` itself and the copies that libraries carry, each a
// module with _DYNAMIC_CLASS_TRACKER_BY_CLASS and _DYNAMIC_CLASS_TRACKER_BY_ID (a
// WeakKeyDictionary and a WeakValueDictionary).  Those that are not imported, and those
// that look otherwise, are passed over.  The helper of the streams knows them too
// (runtime_helper.cc).

// A metaclass that hashes its classes in its own way runs foreign code, or refuses:
// such a class is in nobody's table.
bool hashes_by_identity(PyObject* object);

// The id that one of them has given the class or type variable, or an empty Ref.
cpython::Ref id_in_other_trackers(const cpython::Imported& imported, PyObject* object);
// Makes an id known to all of them, beside the one that they may have given.
void enter_in_other_trackers(const cpython::Imported& imported, PyObject* object,
                             PyObject* id);

// How many there are.
std::size_t count_other_trackers(const cpython::Imported& imported);

}  // namespace cppickle::identity

#endif  // CPPICKLE_IDENTITY_OTHER_TRACKERS_H_
