// The full names that submodules of a package would have.
#ifndef CPPICKLE_PARTS_SUBMODULE_NAMES_H_
#define CPPICKLE_PARTS_SUBMODULE_NAMES_H_

#include <cstddef>
#include <functional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cpython/ref.h"
#include "policy/policy.h"

namespace cppickle::parts {

// The name of a submodule of `package`, whether or not there is one.
cpython::Ref submodule_name(PyObject* package, PyObject* part);

// True when one of that name is imported with its package: it is loaded, and does not
// travel by value.  Runs an override of _is_registered_pickle_by_value.
bool is_imported_with_package(const policy::Policy& policy, PyObject* submodule);

// A table of such names: to look for submodules again makes no strings.
// Thread safety: requires the GIL.
class SubmoduleNames {
 public:
  // Of a package and each of `parts`, a tuple.  Both are found by address.  Valid until
  // the next trim().
  std::span<const cpython::Ref> of(PyObject* package, PyObject* parts);
  // Without a bound the names of all that has been dumped would stay.
  void trim() {
    if (names_.size() > kMostPackages) names_.clear();
  }
  void clear() { names_.clear(); }

 private:
  using Key = std::pair<PyObject*, PyObject*>;
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::hash<PyObject*> hash;
      return hash(key.first) * 31 + hash(key.second);
    }
  };
  struct PackageNames {
    cpython::Ref package, parts;  // of the key
    std::vector<cpython::Ref> full;
  };

  static constexpr std::size_t kMostPackages = 512;
  std::unordered_map<Key, PackageNames, Hash> names_;
};

}  // namespace cppickle::parts

#endif  // CPPICKLE_PARTS_SUBMODULE_NAMES_H_
