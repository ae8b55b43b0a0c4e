// Helpers of cloudpickle that somebody has replaced on its module: they are called
// instead of the native path.  None by default.
#ifndef CPPICKLE_POLICY_REPLACEMENTS_H_
#define CPPICKLE_POLICY_REPLACEMENTS_H_

#include <array>
#include <cstddef>

#include "cpython/ref.h"

namespace cppickle::policy {

// The helpers that can be replaced; a replacement of another one is told as that of the
// helper which calls it (cppickle.compat.surface).
enum class Helper : std::size_t {
  kShouldPickleByReference,  // (object) -> true or false; functions, classes, modules
  kIsRegistered,             // (module) -> true or false
  kFunctionGetstate,         // (function) -> (attributes, slots)
  kClassGetstate,            // (class) -> (attributes, slots)
  kCodeReduce,               // (code) -> reduce value
  kModuleReduce,             // (module) -> reduce value
  kMakeEmptyCell,            // () -> cell; called by the reader
};

class Replacements {
 public:
  // True when there is any: then a dump runs foreign code where it otherwise would not.
  bool any() const { return any_; }
  // The replacement, borrowed, or null.
  PyObject* of(Helper helper) const {
    return functions_[static_cast<std::size_t>(helper)];
  }
  // What the replacement answers.  Requires one; runs foreign code.
  cpython::Ref call(Helper helper, PyObject* argument) const;
  bool is_true(Helper helper, PyObject* argument) const;

  // `function` instead of the helper of cloudpickle's that is called `name`; None for
  // the native path again.  Throws ErrorSet with a ValueError for a name that is not
  // known.
  void set(PyObject* name, PyObject* function);

  int traverse(visitproc visit, void* arg) const;
  void release();

 private:
  static constexpr std::size_t kCount = 7;

  std::array<PyObject*, kCount> functions_{};  // owned
  bool any_ = false;
};

}  // namespace cppickle::policy

#endif  // CPPICKLE_POLICY_REPLACEMENTS_H_
