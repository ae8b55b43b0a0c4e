// What a Python-level pickler brings along for one dump.
#ifndef CPPICKLE_PICKLING_HOOKS_H_
#define CPPICKLE_PICKLING_HOOKS_H_

#include "cpython/ref.h"

namespace cppickle::pickling {

class ForeignAnswers;
class NameObserver;

// Borrowed for the time of one dump; null when absent.
struct Hooks {
  PyObject* persistent_id = nullptr;
  PyObject* reducer_override = nullptr;
  PyObject* dispatch_table = nullptr;  // null: copyreg.dispatch_table
  PyObject* buffer_callback = nullptr;
  // How paths in errors begin: a str, or a tuple of them for the items of the tuple
  // that is the root; null: by the root itself.
  PyObject* root_name = nullptr;
  bool fix_imports = true;
  bool fast = false;
  bool foreign_sink = false;     // the sink calls foreign code, at any write
  bool memo_is_dropped = false;  // nobody uses the memo after this dump
  bool foreign_reducers =
      false;  // the reducers call foreign code where none is expected
  // Asked before foreign code is; null: there are none.
  ForeignAnswers* answers = nullptr;
  bool keeps_answers = false;  // in `answers`: what is written now is written again
  NameObserver* observer = nullptr;  // is told which modules the stream names
  int reduce_protocol = -1;  // what __reduce_ex__ is asked with; -1: the stream's
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_HOOKS_H_
