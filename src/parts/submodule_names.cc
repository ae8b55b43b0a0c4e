#include "parts/submodule_names.h"

#include "cpython/error.h"
#include "cpython/reads.h"

namespace cppickle::parts {

using cpython::Ref;

Ref submodule_name(PyObject* package, PyObject* part) {
  return cpython::checked(PyUnicode_FromFormat("%U.%U", package, part));
}

bool is_imported_with_package(const policy::Policy& policy, PyObject* submodule) {
  return cpython::read_loaded_module(submodule) != nullptr &&
         !policy.is_registered(submodule);
}

std::span<const Ref> SubmoduleNames::of(PyObject* package, PyObject* parts) {
  auto known = names_.find({package, parts});
  if (known != names_.end()) return known->second.full;
  PackageNames names{Ref::borrow(package), Ref::borrow(parts), {}};
  for (PyObject* part : cpython::own_items(parts))
    names.full.push_back(submodule_name(package, part));
  return names_.emplace(Key{package, parts}, std::move(names)).first->second.full;
}

}  // namespace cppickle::parts
