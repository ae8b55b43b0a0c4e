// Objects of the standard library that are written under a name known beforehand.
#ifndef CPPICKLE_POLICY_KNOWN_GLOBALS_H_
#define CPPICKLE_POLICY_KNOWN_GLOBALS_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "cpython/imported.h"
#include "cpython/ref.h"
#include "policy/policy.h"

namespace cppickle::pickling {
class Pickler;
}

namespace cppickle::policy {

// The names of objects whose own __module__ and __qualname__ are wrong
// (types.FunctionType says builtins.function), and of those that most of our streams
// name.
// Thread safety: requires the GIL.
class KnownGlobals {
 public:
  explicit KnownGlobals(const cpython::Imported& imported) : imported_(imported) {}

  void load();
  int traverse(visitproc visit, void* arg) const;
  void release();

  // Null fields when the object is none of those.
  GlobalName name_of(PyObject* object) const;
  // Writes such an object by reference, if it is one.  Its names stay out of the memo.
  bool save(pickling::Pickler& pickler, PyObject* object) const;
  void register_global(const char* module, PyObject* name, PyObject* object);

 private:
  PyObject* own_name(const char* text);  // interned, borrowed from owned_
  void register_members_of(const char* module);
  void register_methods();
  void register_functions();

  struct KnownGlobal {
    GlobalName name;
    std::string fragment;  // protocol 4: two strings and STACK_GLOBAL
  };

  const cpython::Imported& imported_;
  std::unordered_map<PyObject*, KnownGlobal> globals_;
  std::vector<PyObject*> owned_;  // what the table points to
};

}  // namespace cppickle::policy

#endif  // CPPICKLE_POLICY_KNOWN_GLOBALS_H_
