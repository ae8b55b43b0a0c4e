// The check of borrows, in builds that have one (borrow_scope.h).
#include <cstdio>
#include <vector>

#include "cpython/borrow_scope.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

namespace {

// The scopes that are alive in this thread, the innermost last.
thread_local std::vector<std::source_location> scopes;

#if PY_VERSION_HEX >= 0x030b0000
using Frame = struct _PyInterpreterFrame;
#else
using Frame = PyFrameObject;
#endif

// What evaluated frames before (PEP 523).
_PyFrameEvalFunction evaluate = nullptr;

[[noreturn]] void abort_with(const char* what, const std::source_location& where) {
  const std::source_location& scope = scopes.back();
  std::fprintf(stderr,
               "cppickle: %s (%s:%u) while objects are borrowed since %s:%u in %s\n",
               what, where.file_name(), where.line(), scope.file_name(), scope.line(),
               scope.function_name());
  scopes.clear();  // the report itself may run Python code
  Py_FatalError("foreign code while objects are borrowed");
}

PyObject* evaluate_watched(PyThreadState* thread, Frame* frame, int throws) {
  if (!scopes.empty()) [[unlikely]]
    abort_with("Python code runs", std::source_location::current());
  return evaluate(thread, frame, throws);
}

}  // namespace

void watch_calls() {
  PyInterpreterState* interpreter = PyInterpreterState_Get();
  _PyFrameEvalFunction present = _PyInterpreterState_GetEvalFrameFunc(interpreter);
  if (present == evaluate_watched) return;
  evaluate = present;
  _PyInterpreterState_SetEvalFrameFunc(interpreter, evaluate_watched);
}

void begin_borrowing(const std::source_location& where) { scopes.push_back(where); }

void end_borrowing() {
  if (!scopes.empty()) scopes.pop_back();
}

void require_nothing_borrowed(const std::source_location& where) {
  if (!scopes.empty()) [[unlikely]]
    abort_with("foreign code may run", where);
}

}  // namespace cppickle::cpython
