// Objects of the standard library that are written under a name of their own.
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

// Where objects are found that do not tell it truthfully themselves
// (types.FunctionType says builtins.function), and those that most of our streams name.
// Requires the GIL.
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
  void know(const char* module, PyObject* name, PyObject* object);

 private:
  PyObject* own_name(const char* text);  // interned, borrowed from owned_
  void know_members_of(const char* module);
  void know_methods();
  void know_functions();

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
