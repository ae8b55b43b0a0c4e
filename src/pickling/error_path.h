// Where in the object graph a dump failed, in the words of Python code.
#ifndef CPPICKLE_PICKLING_ERROR_PATH_H_
#define CPPICKLE_PICKLING_ERROR_PATH_H_

#include "cpython/names.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

// Adds the path from `root` to what the stack stands at to the error that is set: as
// its attribute `cppickle_path`; and as a last line of the message when the error is
// `ours`, else as a note (PEP 678) where exceptions have them. Leaves an error set, the
// same one unless the way there failed hard; throws nothing.
void add_path_to_error(const WorkStack& stack, PyObject* root, bool ours,
                       const cpython::Names& names) noexcept;

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_ERROR_PATH_H_
