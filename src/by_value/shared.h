// What all by-value reducers of one module instance share.
#ifndef CPPICKLE_BY_VALUE_SHARED_H_
#define CPPICKLE_BY_VALUE_SHARED_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "by_value/class_parts.h"
#include "by_value/code_info.h"
#include "by_value/policy.h"
#include "by_value/recordings.h"
#include "by_value/replacements.h"
#include "by_value/sentinels.h"
#include "by_value/tracker.h"
#include "cpython/imported.h"
#include "cpython/ref.h"

namespace cppickle::by_value {

class ByValue;

// Saves an object of one type; false: the reduce protocol's turn.
using Reducer = bool (*)(ByValue&, pickling::Pickler&, PyObject*);

// Owned by the module's state.  Requires the GIL.
class Shared {
 public:
  explicit Shared(const cpython::Imported& imported)
      : imported_(imported), policy_(imported, replacements_), tracker_(imported) {}

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
  Recordings& recordings() { return recordings_; }
  Sentinels& sentinels() { return sentinels_; }
  // As name_of_class(), which makes new strings each time.
  const ClassName& name_of_static_type(PyTypeObject* type);

  // Where an object of the standard library is found that does not tell it truthfully
  // itself (types.FunctionType says builtins.function); null fields when it is none of
  // those.
  GlobalName known_global(PyObject* object) const;
  // Writes such an object by reference, if it is one.  Its names stay out of the memo.
  bool save_known_global(pickling::Pickler& pickler, PyObject* object) const;
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
  void notice(const char* module, PyObject* name, Reducer reducer, PyObject* object);
  PyObject* own_name(const char* text);  // interned, borrowed from owned_
  void know_members_of(const char* module);
  void know_methods();
  void know_functions();
  void know(const char* module, PyObject* name, PyObject* object);
  void serve(PyObject* type, Reducer reducer);

  const cpython::Imported& imported_;
  Replacements replacements_;
  Policy policy_;
  Tracker tracker_;
  CodeInfoSlot code_info_slot_{-1};
  struct KnownGlobal {
    GlobalName name;
    std::string fragment;  // protocol 4: two strings and STACK_GLOBAL
  };
  std::unordered_map<PyObject*, KnownGlobal> known_globals_;
  std::unordered_map<PyTypeObject*, Reducer> reducers_;
  struct LateName {  // of a row of the table of late types; both owned
    PyObject* module;
    PyObject* attribute;
    bool noticed;
  };
  std::vector<LateName> late_names_;
  Py_ssize_t modules_noticed_ = 0;  // how many were loaded when we looked last
  PyTypeObject* enum_meta_ = nullptr;
  std::unordered_map<PyTypeObject*, ClassName> static_names_;
  Recordings recordings_;
  Sentinels sentinels_{imported_, policy_};
  std::vector<PyObject*> owned_;  // what the tables point to
};

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_SHARED_H_
