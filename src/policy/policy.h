// By reference or by value: what an import finds again on the other side, and what the
// user registered.
#ifndef CPPICKLE_POLICY_POLICY_H_
#define CPPICKLE_POLICY_POLICY_H_

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "cpython/imported.h"
#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "policy/overrides.h"

namespace cppickle::policy {

// A global's place; borrowed.
struct GlobalName {
  PyObject* module = nullptr;    // a str, or null when the object has none
  PyObject* qualname = nullptr;  // a str
};

// Where a function says that it is.
GlobalName name_of_function(PyObject* function);

// The answers for one module instance.  Owns the registry.
// That an import does not find an object is an ordinary answer: nothing here throws for
// it.
// Thread safety: requires the GIL.
class Policy {
 public:
  Policy(const cpython::Imported& imported, const Overrides& overrides)
      : imported_(imported), overrides_(overrides) {}

  void load();
  int traverse(visitproc visit, void* arg) const;
  void release();

  // The registry of modules whose code travels by value.  Arguments are modules; errors
  // are those of cloudpickle.
  void add(PyObject* module);
  void remove(PyObject* module);
  cpython::Ref registry_copy() const;
  // The registry itself, a set of names that anyone may change: borrowed.  Another set
  // may take its place; TypeError for what is no set.
  PyObject* registry() const { return registry_; }
  void use_registry(PyObject* names);

  // True when `name` or a package above it is registered; runs an override.
  bool is_registered(PyObject* module_name) const;
  // True for the main module, which each process has another of, and for modules that
  // were made by hand (handmade_modules.h).
  bool is_of_this_process(PyObject* module_name) const;
  // True when `object` is what an import of its name finds on any machine that has the
  // module; for functions, classes and modules also whatever is_decided_by_override()
  // decides.
  bool is_importable(pickling::Pickler& pickler, PyObject* object,
                     const GlobalName& name) const {
    if (is_decided_by_override(object)) [[unlikely]]
      return overrides_.is_true(Overridable::kShouldPickleByReference, object);
    return is_found_by_import(pickler, object, name);
  }
  // True when an override decides about the object.
  bool is_decided_by_override(PyObject* object) const {
    return overrides_.of(Overridable::kShouldPickleByReference) != nullptr &&
           (PyFunction_Check(object) || PyType_Check(object) || PyModule_Check(object));
  }
  // The same without running foreign code: unknown where that would be needed to find
  // out.
  enum class Verdict { kByValue, kByReference, kUnknown };
  Verdict verdict_without_calls(PyObject* object, const GlobalName& name) const;
  bool is_importable_without_calls(PyObject* object, const GlobalName& name) const {
    return verdict_without_calls(object, name) == Verdict::kByReference;
  }

 private:
  bool is_main(PyObject* module_name) const;
  bool is_handmade(PyObject* module, PyObject* module_name) const;
  const std::vector<cpython::Ref>& parts_of(PyObject* qualname) const;
  bool is_in_registry(PyObject* module_name) const;
  bool is_found_by_import(pickling::Pickler& pickler, PyObject* object,
                          const GlobalName& name) const;
  bool is_found_by_getattr(pickling::Pickler& pickler, PyObject* object,
                           const GlobalName& name) const;

  const cpython::Imported& imported_;
  const Overrides& overrides_;
  PyObject* registry_ = nullptr;  // a set of names
  // Versions of the dicts of modules that have an origin.
  mutable std::array<std::uint64_t, 16> loaded_{};
  // Dotted names by address, and their parts; each is held by its last part.
  mutable std::unordered_map<PyObject*, std::vector<cpython::Ref>> parts_;
};

}  // namespace cppickle::policy

#endif  // CPPICKLE_POLICY_POLICY_H_
