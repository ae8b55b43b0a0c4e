// Which names annotations use that are strings: PEP 563 makes all of a module's such.
#ifndef CPPICKLE_PARTS_ANNOTATION_NAMES_H_
#define CPPICKLE_PARTS_ANNOTATION_NAMES_H_

#include <unordered_map>
#include <vector>

#include "cpython/ref.h"

namespace cppickle::parts {

// Interned names.
struct UsedNames {
  std::vector<cpython::Ref> globals;     // that the annotations need, not the code
  std::vector<cpython::Ref> attributes;  // behind a dot: submodules may be among them
};

// A table of the names in texts that have been met.  typing.get_type_hints() evaluates
// annotations in the globals of the function, so what they name has to be there.
// Thread safety: requires the GIL.
class AnnotationNames {
 public:
  // Of a function with these globals, whose code uses `code_names` (a tuple).  Reads
  // the annotations and the globals that they name; runs no foreign code.
  UsedNames of(PyObject* function, PyObject* globals, PyObject* code_names);
  void clear() { texts_.clear(); }

 private:
  struct Name {
    cpython::Ref text;
    bool is_outermost;  // in no brackets
  };
  struct Parsed {
    cpython::Ref text;  // the key
    std::vector<Name> globals;
    std::vector<cpython::Ref> attributes;
  };

  const Parsed& parsed(PyObject* text);
  void add(UsedNames& used, PyObject* text, PyObject* globals, PyObject* code_names);

  static constexpr std::size_t kMostTexts = 1024;
  std::unordered_map<PyObject*, Parsed> texts_;
};

}  // namespace cppickle::parts

#endif  // CPPICKLE_PARTS_ANNOTATION_NAMES_H_
