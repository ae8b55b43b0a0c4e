// What code stands on that has been seen once: whether it is still the same.
#ifndef CPPICKLE_PICKLING_WATCHED_NAMES_H_
#define CPPICKLE_PICKLING_WATCHED_NAMES_H_

#include <cstdint>
#include <vector>

#include "cpython/ref.h"

namespace cppickle::pickling {

// Names of namespaces, code of functions and contents of cells, as they were when they
// were added.  Owns all of them.
// Thread safety: requires the GIL.
class WatchedNames {
 public:
  // That the dict has this under the name, or nothing.
  void add_name(PyObject* dict, PyObject* name);
  // That the module of the name is loaded, and has what it has under the other.  False
  // when it is no module.
  bool add_global(PyObject* module_name, PyObject* name);
  // All that the function's own code refers to by name: globals, builtins, cells.
  // False when that cannot be told.
  bool add_function(PyObject* function);

  // False when something is another now.  Runs no foreign code.
  bool hold() const;

 private:
  struct WatchedName {
    cpython::Ref name;
    cpython::Ref value;  // null: there was none
  };
  struct WatchedDict {
    cpython::Ref dict;
    std::vector<WatchedName> entries;
    mutable std::uint64_t version = 0;  // of the dict when all were as they had been
  };
  struct Function {
    cpython::Ref function;
    cpython::Ref code;
  };
  struct Cell {
    cpython::Ref cell;
    cpython::Ref content;
  };

  std::vector<WatchedDict> namespaces_;
  std::vector<Function> functions_;
  std::vector<Cell> cells_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_WATCHED_NAMES_H_
