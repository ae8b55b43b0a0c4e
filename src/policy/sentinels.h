// Bare objects, made by object(), that modules keep under a name: sentinels.
#ifndef CPPICKLE_POLICY_SENTINELS_H_
#define CPPICKLE_POLICY_SENTINELS_H_

#include <unordered_map>
#include <vector>

#include "cpython/imported.h"
#include "cpython/ref.h"
#include "policy/policy.h"

namespace cppickle::policy {

// Where sentinels are found.  Nothing but its identity makes one what it is, so it goes
// by reference where an import leads to it, as functions do.
//
// It does not know its module, and those that import it hold it too.  A module of the
// standard library is preferred; else all holders must be of one package, of which the
// topmost is named: the name of anybody else's module may lead nowhere on the other
// side.
// Thread safety: requires the GIL.
class Sentinels {
 public:
  Sentinels(const cpython::Imported& imported, const Policy& policy)
      : imported_(imported), policy_(policy) {}

  // Null fields for an object that is no sentinel of a module; borrowed until the next
  // call.  Reads all modules for one that has not been asked for before, if `may_read`,
  // which is false then: to be done once a dump.  Runs no foreign code.
  GlobalName name_of(PyObject* object, bool& may_read);
  void clear();

 private:
  // An entry of a module; both are str.
  struct Holder {
    cpython::Ref module;
    cpython::Ref name;
  };

  // Who held the object when the modules were read last, or null.
  const std::vector<Holder>* holders_of(PyObject* object, bool& may_read);
  void read_modules();
  bool is_of_standard_library(const Holder& holder) const;

  const cpython::Imported& imported_;
  const Policy& policy_;
  static constexpr std::size_t kMostOthers = 64;

  // By the addresses of the objects, which are compared again when they are asked for.
  std::unordered_map<PyObject*, std::vector<Holder>> holders_;
  Py_ssize_t modules_ = 0;  // how many were loaded when they were read
  // Some that no module had, held so that their addresses stay theirs: a bare object
  // holds nothing itself.
  std::unordered_map<PyObject*, cpython::Ref> others_;
};

}  // namespace cppickle::policy

#endif  // CPPICKLE_POLICY_SENTINELS_H_
