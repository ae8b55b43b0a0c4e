// In builds that log reads (cpython/reads.h): does the walk read all that the reducers
// read?
#ifndef CPPICKLE_CACHING_READ_CHECK_H_
#define CPPICKLE_CACHING_READ_CHECK_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "cpython/reads.h"

namespace cppickle::stream {
class ByValueContext;
}

namespace cppickle::caching {

// One walk, and what the reducers write for the same object in the same dump.
class LoggedReadCheck {
 public:
  LoggedReadCheck();
  LoggedReadCheck(LoggedReadCheck&&) noexcept;
  LoggedReadCheck& operator=(LoggedReadCheck&&) noexcept;
  ~LoggedReadCheck();

  // `shared` has to live as long.
  void begin_walk(const stream::ByValueContext& context);
  void end_walk();
  void begin_reducers();
  // Compares.  `root`: what the walk began with.
  void end_reducers(PyObject* root);

 private:
  struct Logs;
  std::unique_ptr<Logs> logs_;
};

// The same in ordinary builds.
struct NoReadCheck {
  void begin_walk(const stream::ByValueContext&) {}
  void end_walk() {}
  void begin_reducers() {}
  void end_reducers(PyObject*) {}
};

using ReadCheck = std::conditional_t<cpython::kLogsReads, LoggedReadCheck, NoReadCheck>;

// What has been compared since the last call.
struct ReadReport {
  std::size_t checks = 0;            // how many walks
  std::size_t reads = 0;             // of reducers
  std::vector<std::string> missing;  // reads that no walk covered, as texts
};
ReadReport take_read_report();
// From now on walks do as if they read no field or entry of this name; empty: they read
// all.  For the test that the check can fail.
void leave_out_of_walks(std::string_view part);

}  // namespace cppickle::caching

#endif  // CPPICKLE_CACHING_READ_CHECK_H_
