// Functions of cloudpickle that somebody has overridden on its module: the override is
// called instead of the native path.  None by default.
#ifndef CPPICKLE_POLICY_OVERRIDES_H_
#define CPPICKLE_POLICY_OVERRIDES_H_

#include <array>
#include <cstddef>

#include "cpython/ref.h"

namespace cppickle::policy {

// The functions that can be overridden; an override of another one counts as that of
// the function which calls it (cppickle.compat.surface).
enum class Overridable : std::size_t {
  kShouldPickleByReference,  // (object) -> true or false; functions, classes, modules
  kIsRegistered,             // (module) -> true or false
  kFunctionGetstate,         // (function) -> (attributes, slots)
  kClassGetstate,            // (class) -> (attributes, slots)
  kCodeReduce,               // (code) -> reduce value
  kModuleReduce,             // (module) -> reduce value
  kMakeEmptyCell,            // () -> cell; called by the reader
};

class Overrides {
 public:
  // True when there is any: then a dump runs foreign code where it otherwise would not.
  bool any() const { return any_; }
  // The override, borrowed, or null.
  PyObject* of(Overridable function) const {
    return functions_[static_cast<std::size_t>(function)];
  }
  // What the override answers.  Runs foreign code.
  // REQUIRES: an override.
  cpython::Ref call(Overridable function, PyObject* argument) const;
  bool is_true(Overridable function, PyObject* argument) const;

  // `function` overrides the one of cloudpickle's that is called `name`; None for the
  // native path again.  Throws ErrorSet with a ValueError for a name that is not known.
  void set(PyObject* name, PyObject* function);

  int traverse(visitproc visit, void* arg) const;
  void release();

 private:
  static constexpr std::size_t kCount = 7;

  std::array<PyObject*, kCount> functions_{};  // owned
  bool any_ = false;
};

}  // namespace cppickle::policy

#endif  // CPPICKLE_POLICY_OVERRIDES_H_
