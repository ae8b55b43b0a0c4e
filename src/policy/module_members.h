// Objects that modules keep under a name and that do not know it themselves.
#ifndef CPPICKLE_POLICY_MODULE_MEMBERS_H_
#define CPPICKLE_POLICY_MODULE_MEMBERS_H_

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cpython/imported.h"
#include "cpython/ref.h"
#include "policy/policy.h"

namespace cppickle::policy {

// Where such objects are found, to go by reference where an import leads to them, as
// functions do:
//
//   kSentinel  a bare object(): nothing but its identity makes it what it is
//   kMethod    a method of an instance that the module has made: random.randint, whose
//              copy would be that of the generator's state
//   kOther     what cannot be pickled: a ContextVar, a lock
//
// None of them knows its module, and those that import it hold it too.  A module of the
// standard library is preferred, else the topmost of a package.  Holders of several
// packages make a sentinel nobody's: the name of anybody else's module may lead nowhere
// on the other side.  A method belongs to a module whose package has the method's class
// or the instance: hooks (sys.excepthook) are anybody's methods.  What cannot be
// pickled is better found anywhere than nowhere. Thread safety: requires the GIL.
class ModuleMembers {
 public:
  enum class Kind { kSentinel, kMethod, kOther };

  ModuleMembers(const cpython::Imported& imported, const Policy& policy);

  // Null fields for an object that no module has; borrowed until the next call.  Reads
  // all modules for one that has not been asked for before, if `may_read`, which is
  // false then: to be done once a dump.  Runs no foreign code.
  GlobalName name_of(PyObject* object, Kind kind, bool& may_read);
  void clear();

 private:
  // An entry of a module; both are str.
  struct Holder {
    cpython::Ref module;
    cpython::Ref name;
  };

  // Who held the object when the modules were read last, or null.
  const std::vector<Holder>* holders_of(PyObject* object, Kind kind, bool& may_read);
  void read_modules();
  const std::vector<Holder>* read_home(PyObject* method);
  bool is_for_itself(PyObject* module_name) const;
  bool is_indexed(PyObject* value) const;
  bool may_be_home(const Holder& holder, PyObject* home, PyObject* self) const;
  bool is_held_by_package(PyObject* package_member, PyObject* object) const;

  const cpython::Imported& imported_;
  const Policy& policy_;
  static constexpr std::size_t kMostOthers = 64;

  // By the addresses of the objects, which are compared again when they are asked for.
  std::unordered_map<PyObject*, std::vector<Holder>> holders_;
  // Of which types they are: those of which an object has been asked for.  Addresses.
  std::unordered_set<PyTypeObject*> types_;
  Py_ssize_t modules_ = 0;  // how many were loaded when they were read
  // Sentinels that no module had, held so that their addresses stay theirs: a bare
  // object holds nothing itself.
  std::unordered_map<PyObject*, cpython::Ref> others_;
};

}  // namespace cppickle::policy

#endif  // CPPICKLE_POLICY_MODULE_MEMBERS_H_
