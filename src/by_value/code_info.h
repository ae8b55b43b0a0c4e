// What the pickler needs to know of a code object, kept in the code object.
#ifndef CPPICKLE_BY_VALUE_CODE_INFO_H_
#define CPPICKLE_BY_VALUE_CODE_INFO_H_

#include "cpython/ref.h"

namespace cppickle::by_value {

struct CodeInfo {
  cpython::Ref blob;          // bytes: see marshal_code()
  cpython::Ref global_names;  // tuples: see CodeNames
  cpython::Ref mentioned_names;
};

// Where this interpreter's code objects keep their CodeInfo; part of the module's
// state.
struct CodeInfoSlot {
  Py_ssize_t index;
};

// The same slot for every module object of one interpreter.  Throws ErrorSet.
CodeInfoSlot request_code_info_slot();

// Made on the first call and kept until the code object dies.  The answer is valid as
// long as the code object is.  Throws ErrorSet as marshal_code() does; then nothing is
// kept.  Requires the GIL.
const CodeInfo& code_info(PyObject* code, const CodeInfoSlot& slot);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_CODE_INFO_H_
