// Time in which the engine looks at objects of the user that it holds no reference to.
//
// Nothing can free them as long as nobody else's code runs.  That this is so can be
// checked: with -DCPPICKLE_CHECK_BORROWS=ON the process is aborted where Python code
// begins to run while a scope is alive (`make test-borrows`).
#ifndef CPPICKLE_CPYTHON_BORROW_SCOPE_H_
#define CPPICKLE_CPYTHON_BORROW_SCOPE_H_

#include <source_location>

#include "cpython/compat.h"

namespace cppickle::cpython {

#ifdef CPPICKLE_CHECK_BORROWS
inline constexpr bool kChecksBorrows = true;
#else
inline constexpr bool kChecksBorrows = false;
#endif

// Defined where borrows are checked (borrow_check.cc).
//
// Has the interpreter tell of each call of Python code.
void watch_calls();
void begin_borrowing(const std::source_location& where);
void end_borrowing();
// Aborts when something is borrowed in this thread.
void require_nothing_borrowed(const std::source_location& where);

// To be called where foreign code is going to run, or may.
inline void note_foreign_code(
    const std::source_location& where = std::source_location::current()) {
  if constexpr (kChecksBorrows) require_nothing_borrowed(where);
}

// Borrowing that begins and ends where the owner says so, any number of times.  Keeps
// the garbage collector from running, whose finalizers are foreign code.
// REQUIRES: no foreign code between begin() and end().
class Borrowing {
 public:
  Borrowing() = default;
  Borrowing(const Borrowing&) = delete;
  Borrowing& operator=(const Borrowing&) = delete;
  ~Borrowing() { end(); }

  void begin(const std::source_location& where = std::source_location::current()) {
    collector_.begin();
    if constexpr (kChecksBorrows) {
      if (!begun_) begin_borrowing(where);
      begun_ = true;
    }
  }
  void end() {
    if constexpr (kChecksBorrows) {
      if (begun_) end_borrowing();
      begun_ = false;
    }
    collector_.end();
  }

 private:
  CollectorPause collector_;
  bool begun_ = false;
};

// The same from its construction on.
class BorrowScope {
 public:
  explicit BorrowScope(
      const std::source_location& where = std::source_location::current()) {
    borrowing_.begin(where);
  }
  // Ends it early: what was borrowed is not used any more.
  void end() { borrowing_.end(); }

 private:
  Borrowing borrowing_;
};

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_BORROW_SCOPE_H_
