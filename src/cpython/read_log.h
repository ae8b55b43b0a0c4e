// The log of reads, in builds that have one (reads.h).
#ifndef CPPICKLE_CPYTHON_READ_LOG_H_
#define CPPICKLE_CPYTHON_READ_LOG_H_

#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "cpython/reads.h"

namespace cppickle::cpython {

// A read, with what could be told of its object while that was alive.
struct LoggedRead {
  Read kind;
  PyObject* object;  // may be gone: an address
  std::string part;
  std::string description;
  bool is_static_type;  // it is a type with static storage
  bool keeps_type;      // nobody can set its __class__
  bool is_bare;         // object(), Ellipsis, NotImplemented

  bool operator<(const LoggedRead& other) const {
    return std::tie(kind, object, part) <
           std::tie(other.kind, other.object, other.part);
  }
};

// The reads between begin() and end().  Logs nest, and a read is noted in all that are
// open.  Holds no references: those would change how objects are written.
// Thread safety: requires the GIL, and that it is not given up meanwhile; one
//   interpreter at a time.
class ReadLog {
 public:
  ReadLog() = default;
  ReadLog(const ReadLog&) = delete;
  ReadLog& operator=(const ReadLog&) = delete;
  ~ReadLog() { end(); }

  void begin();
  void end();
  void add(const LoggedRead& read) { reads_.insert(read); }
  void add_made(PyObject* object) { made_.insert(object); }
  // As if nothing of this name had been read.
  void forget(std::string_view part) {
    std::erase_if(reads_, [&](const LoggedRead& read) { return read.part == part; });
  }

  bool has(Read kind, PyObject* object, std::string_view part = {}) const {
    return reads_.contains({kind, object, std::string(part), {}, false, false, false});
  }
  bool has_made(PyObject* object) const { return made_.contains(object); }
  const std::set<LoggedRead>& reads() const { return reads_; }

 private:
  std::set<LoggedRead> reads_;
  std::set<PyObject*> made_;
};

// What an object is, for people.
std::string description_for_log(PyObject* object);

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_READ_LOG_H_
