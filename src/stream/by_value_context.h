// What all by-value reducers of one module instance share.
#ifndef CPPICKLE_STREAM_BY_VALUE_CONTEXT_H_
#define CPPICKLE_STREAM_BY_VALUE_CONTEXT_H_

#include <span>
#include <unordered_map>
#include <vector>

#include "bytecode/code_info.h"
#include "cpython/dicts.h"
#include "cpython/imported.h"
#include "cpython/ref.h"
#include "identity/tracker.h"
#include "parts/annotation_names.h"
#include "parts/class_parts.h"
#include "parts/submodule_names.h"
#include "pickling/pickler.h"
#include "policy/known_globals.h"
#include "policy/module_members.h"
#include "policy/overrides.h"
#include "policy/policy.h"
#include "stream/known_namespaces.h"

namespace cppickle::stream {

class StreamState;

// Saves an object of one type; false: the reduce protocol's turn.
using Reducer = bool (*)(StreamState&, pickling::Pickler&, PyObject*);

// A type, or another object, of a module that may not be imported yet: it gets its
// reducer once somebody has imported that.
struct LazilyImportedType {
  const char* module;
  const char* attribute;
  Reducer reducer;         // of the type; of a global that is no type: of its type
  bool is_global = false;  // the attribute itself is saved under its name
};

// Owned by the module's state.
// Thread safety: requires the GIL.
class ByValueContext {
 public:
  explicit ByValueContext(const cpython::Imported& imported)
      : imported_(imported),
        policy_(imported, overrides_),
        known_globals_(imported),
        tracker_(imported) {}

  void load();
  int traverse(visitproc visit, void* arg) const;
  void release();

  const cpython::Imported& imported() const { return imported_; }
  policy::Policy& policy() { return policy_; }
  policy::Overrides& overrides() { return overrides_; }
  identity::Tracker& tracker() { return tracker_; }
  const bytecode::CodeInfo& code_info(PyObject* code) const {
    return bytecode::code_info(code, code_info_slot_);
  }

  // What is kept of the code already, or null.
  const bytecode::CodeInfo* cached_code_info(PyObject* code) const {
    return bytecode::cached_code_info(code, code_info_slot_);
  }
  policy::ModuleMembers& module_members() { return module_members_; }
  // As name_of_class(), which makes new strings each time.
  const parts::ClassName& name_of_static_type(PyTypeObject* type);

  parts::AnnotationNames& annotation_names() { return annotation_names_; }
  parts::SubmoduleNames& submodule_names() { return submodule_names_; }
  // See known_namespaces.h.
  const NamespaceFacts& facts_of_namespace(PyObject* globals) {
    return namespaces_.of(globals, imported_.names);
  }
  bool is_dynamic_namespace(PyObject* globals) {
    return cpython::kDictsHaveVersions
               ? facts_of_namespace(globals).is_dynamic
               : stream::is_dynamic_namespace(globals, imported_.names);
  }
  // See known_globals.h.
  policy::GlobalName known_global(PyObject* object) const {
    return known_globals_.name_of(object);
  }
  bool save_known_global(pickling::Pickler& pickler, PyObject* object) const {
    return known_globals_.save(pickler, object);
  }

  // From now on `reducer` saves objects of the type.
  void register_reducer(PyObject* type, Reducer reducer);
  // `types` must live as long.
  void register_lazily_imported(std::span<const LazilyImportedType> types);
  // The reducer of the type, or null.
  Reducer reducer_for(PyTypeObject* type) const {
    auto found = reducers_.find(type);
    return found == reducers_.end() ? nullptr : found->second;
  }
  // Looks again for lazily imported types: those of modules that somebody has imported
  // since.
  void scan_new_modules();

  // enum.EnumMeta once enum is imported, else null; borrowed.
  PyTypeObject* enum_meta() const { return enum_meta_; }

 private:
  struct LazyName {  // both owned
    PyObject* module;
    PyObject* attribute;
    const LazilyImportedType* type;
    bool is_registered;
  };

  void register_lazy_name(const LazyName& lazy, PyObject* object);
  PyObject* own_name(const char* text);  // interned, borrowed from owned_

  const cpython::Imported& imported_;
  policy::Overrides overrides_;
  policy::Policy policy_;
  policy::KnownGlobals known_globals_;
  identity::Tracker tracker_;
  bytecode::CodeInfoSlot code_info_slot_{-1};
  std::unordered_map<PyTypeObject*, Reducer> reducers_;
  std::vector<LazyName> lazy_names_;
  Py_ssize_t modules_scanned_ = 0;  // how many were loaded when we looked last
  PyTypeObject* enum_meta_ = nullptr;
  std::unordered_map<PyTypeObject*, parts::ClassName> static_names_;
  parts::AnnotationNames annotation_names_;
  parts::SubmoduleNames submodule_names_;
  KnownNamespaces namespaces_;
  policy::ModuleMembers module_members_{imported_, policy_};
  std::vector<PyObject*> owned_;  // what the tables point to
};

}  // namespace cppickle::stream

#endif  // CPPICKLE_STREAM_BY_VALUE_CONTEXT_H_
