// How an error tells its path.
#ifndef CPPICKLE_PICKLING_ERROR_REPORT_H_
#define CPPICKLE_PICKLING_ERROR_REPORT_H_

#include "cpython/imported.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

// Adds the path from `root` to what the stack stands at to the error that is set: as
// its attribute `cppickle_path`, and as a last line.  The line belongs to the message
// where nobody can have written code for that message: when the error is `ours`, or of
// Python's own and raised without any code of the user's.  Else it is a note (PEP 678),
// where exceptions have them.  Leaves an error set, the same one unless the way there
// failed hard; throws nothing.  `root_name` is Hooks::root_name.
void add_path_to_error(const WorkStack& stack, PyObject* root, PyObject* root_name,
                       bool ours, const cpython::Imported& imported) noexcept;

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_ERROR_REPORT_H_
