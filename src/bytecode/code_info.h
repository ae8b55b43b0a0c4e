// What the pickler needs to know of a code object, kept in the code object.
#ifndef CPPICKLE_BYTECODE_CODE_INFO_H_
#define CPPICKLE_BYTECODE_CODE_INFO_H_

#include <string_view>
#include <utility>

#include "bytecode/marshal_writer.h"
#include "cpython/compat.h"
#include "cpython/ref.h"

namespace cppickle::bytecode {

struct CodeInfo {
  CodeInfo(cpython::Ref marshalled, cpython::Ref globals, cpython::Ref mentioned)
      : pyc(std::move(marshalled)),
        global_names(std::move(globals)),
        mentioned_names(std::move(mentioned)) {}

  // False for code with constants that no blob can hold: foreign_constants.h.
  bool has_blob() const { return static_cast<bool>(pyc); }
  // REQUIRES: has_blob().
  std::string_view blob() const {
    return cpython::bytes_view(pyc.get()).substr(kPycHeaderSize);
  }

  cpython::Ref pyc;           // bytes: see pyc_of_code(); or empty
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

// What is kept of the code object already, or null.
const CodeInfo* cached_code_info(PyObject* code, const CodeInfoSlot& slot);

// Made on the first call and kept until the code object dies.  The answer is valid as
// long as the code object is.  Throws ErrorSet as pyc_of_code() does; then nothing is
// kept.
// Thread safety: requires the GIL.
const CodeInfo& code_info(PyObject* code, const CodeInfoSlot& slot);

}  // namespace cppickle::bytecode

#endif  // CPPICKLE_BYTECODE_CODE_INFO_H_
