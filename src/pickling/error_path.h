// Where in the object graph a dump failed, in the words of Python code.
#ifndef CPPICKLE_PICKLING_ERROR_PATH_H_
#define CPPICKLE_PICKLING_ERROR_PATH_H_

#include <string>

#include "cpython/names.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

struct ErrorPath {
  std::string text;
  bool tells;  // false: it is the root, and nobody gave that a name
};

// The path from `root` to what the stack stands at.  `root_name` is Hooks::root_name.
// Runs foreign code (reprs), whose errors do not surface; none is set before or after.
ErrorPath error_path(const WorkStack& stack, PyObject* root, PyObject* root_name,
                     const cpython::Names& names);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_ERROR_PATH_H_
