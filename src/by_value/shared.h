// What all by-value reducers of one module instance share.
#ifndef CPPICKLE_BY_VALUE_SHARED_H_
#define CPPICKLE_BY_VALUE_SHARED_H_

#include <span>
#include <unordered_map>
#include <vector>

#include "by_value/class_parts.h"
#include "by_value/code_info.h"
#include "by_value/known_globals.h"
#include "by_value/policy.h"
#include "by_value/replacements.h"
#include "by_value/sentinels.h"
#include "by_value/tracker.h"
#include "cpython/imported.h"
#include "cpython/ref.h"

namespace cppickle::by_value {

class StreamState;

// Saves an object of one type; false: the reduce protocol's turn.
using Reducer = bool (*)(StreamState&, pickling::Pickler&, PyObject*);

// A type of a module, or another object in one, that is served once somebody has
// imported that.
struct LateType {
  const char* module;
  const char* attribute;
  Reducer reducer;  // of the type; of a global that is no type: of its type
  bool is_global = false;  // the attribute itself is saved under its name
};

// Owned by the module's state.  Requires the GIL.
class Shared {
 public:
  explicit Shared(const cpython::Imported& imported)
      : imported_(imported),
        policy_(imported, replacements_),
        known_globals_(imported),
        tracker_(imported) {}

  void load();
  int traverse(visitproc visit, void* arg) const;
  void release();

  const cpython::Imported& imported() const { return imported_; }
  Policy& policy() { return policy_; }
  Replacements& replacements() { return replacements_; }
  Tracker& tracker() { return tracker_; }
  const CodeInfo& code_info(PyObject* code) const {
    return by_value::code_info(code, code_info_slot_);
  }

  // What is kept of the code already, or null.
  const CodeInfo* known_code_info(PyObject* code) const {
    return by_value::known_code_info(code, code_info_slot_);
  }
  Sentinels& sentinels() { return sentinels_; }
  // As name_of_class(), which makes new strings each time.
  const ClassName& name_of_static_type(PyTypeObject* type);

  // See known_globals.h.
  GlobalName known_global(PyObject* object) const {
    return known_globals_.name_of(object);
  }
  bool save_known_global(pickling::Pickler& pickler, PyObject* object) const {
    return known_globals_.save(pickler, object);
  }

  // Objects of the type, from now on.
  void serve(PyObject* type, Reducer reducer);
  // `types` must live as long.
  void serve_later(std::span<const LateType> types);
  // The reducer of the type, or null.
  Reducer reducer_for(PyTypeObject* type) const {
    auto found = reducers_.find(type);
    return found == reducers_.end() ? nullptr : found->second;
  }
  // Looks again for modules of the standard library that are served once somebody has
  // imported them.
  void notice_new_modules();

  // enum.EnumMeta once enum is imported, else null; borrowed.
  PyTypeObject* enum_meta() const { return enum_meta_; }

 private:
  struct LateName {  // both owned
    PyObject* module;
    PyObject* attribute;
    const LateType* type;
    bool noticed;
  };

  void notice(const LateName& late, PyObject* object);
  PyObject* own_name(const char* text);  // interned, borrowed from owned_

  const cpython::Imported& imported_;
  Replacements replacements_;
  Policy policy_;
  KnownGlobals known_globals_;
  Tracker tracker_;
  CodeInfoSlot code_info_slot_{-1};
  std::unordered_map<PyTypeObject*, Reducer> reducers_;
  std::vector<LateName> late_names_;
  Py_ssize_t modules_noticed_ = 0;  // how many were loaded when we looked last
  PyTypeObject* enum_meta_ = nullptr;
  std::unordered_map<PyTypeObject*, ClassName> static_names_;
  Sentinels sentinels_{imported_, policy_};
  std::vector<PyObject*> owned_;  // what the tables point to
};

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_SHARED_H_
