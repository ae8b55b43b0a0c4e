// The class tracker: one identity per process for by-value classes and type variables.
#ifndef CPPICKLE_IDENTITY_TRACKER_H_
#define CPPICKLE_IDENTITY_TRACKER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/siphash.h"
#include "cpython/imported.h"
#include "cpython/ref.h"
#include "identity/runtime_helper.h"

namespace cppickle::identity {

// What travels with an object: bytes, both of them.
struct Identity {
  cpython::Ref id;     // the same in every process that knows the object
  cpython::Ref token;  // which state of it

  Identity copy() const {
    return {cpython::Ref::borrow(id.get()), cpython::Ref::borrow(token.get())};
  }
};

// Among whose objects an id tells one from all others, so that equal content is one
// object to a worker: those of all processes, or those of one.
enum class IdScope : std::uint8_t { kContent, kProcess };

// An id or token of 16 bytes: of a digest, or one that nothing else has.
cpython::Ref id_from(const core::Hash128& digest);
cpython::Ref random_id();

// Ids are made of an object's content, so that the same definition has the same id in
// every run (content_graph.h); a second object with the same content in one process
// gets a number behind it.  In the scope of a process they are made of the content and
// of a key that no other process has, nor one that was forked from it.  An object may
// have an id in each scope, and is known under both.  One that a stream of cppickle or
// cloudpickle has brought keeps the id that came with it, in both.  Objects are
// referenced weakly.
// An object keeps its id as long as it lives and its shape is the same, also while its
// content cannot be determined: readers find their class by it.
// Thread safety: requires the GIL.
class Tracker {
 public:
  explicit Tracker(const cpython::Imported& imported) : imported_(imported) {}

  // Looks for the tables again: a stream that was loaded may have made them.
  // Runs Python code where there are none.
  void open();
  // True when the tables are still those; other copies' are brought up to date.
  bool is_open();
  // What the ids of a scope depend on beside the content: it changes when the tables
  // are others, and for ids of the process also in a process that was forked; the
  // scopes never have the same.
  std::uint64_t epoch(IdScope scope);

  // The id of a class or another object that takes weak references.  An object that is
  // met for the first time is entered: under the id that a stream or another tracker
  // has for it, else under `digest`, with a number behind it where another object has
  // that id; `digest` is null for content that is not determined: then it is random.
  //
  // `shape` is a digest of what only making an object anew can change: one whose shape
  // changes is another object from then on.  Nothing: it is as it was.
  cpython::Ref id_of(PyObject* object, const std::optional<core::Hash128>& shape,
                     const core::Hash128* digest, IdScope scope);
  // True for an object that has an id, or that a stream has brought.
  bool knows(PyObject* object);
  // A number that the object has in all scopes until its shape changes; 0: it is not
  // known.
  std::uint64_t incarnation_of(PyObject* object);
  // The id that content of this digest has where no other object has it, as a number.
  core::Hash128 plain_id(const core::Hash128& digest, IdScope scope);

  void load();
  int traverse(visitproc visit, void* arg) const;
  void release();
  const RuntimeHelper& helper() const { return helper_; }

 private:
  struct TrackedObject {
    cpython::Ref weak;
    std::optional<core::Hash128> shape;
    std::uint64_t incarnation;
    bool is_brought = false;  // by a stream: the first id is that of both scopes
    std::array<cpython::Ref, 2> ids{};  // by scope; empty until it is asked for
    std::uint64_t process_epoch = 0;    // for which the id of the process holds
  };

  TrackedObject* find(PyObject* object);
  TrackedObject& add(PyObject* object, const std::optional<core::Hash128>& shape,
                     cpython::Ref brought);
  PyObject* id_in(const TrackedObject& known, IdScope scope);
  cpython::Ref brought_id(PyObject* object);
  void drop_dead_entries();
  cpython::Ref id_from_stream(PyObject* object);
  void read_new_ids();
  bool is_taken(PyObject* id) const;
  cpython::Ref free_id(const core::Hash128* digest, IdScope scope);
  void scan_other_trackers();
  void enter(PyObject* object, PyObject* id);
  void draw_key();

  static constexpr std::size_t kManyKnown = 64;

  const cpython::Imported& imported_;
  std::unordered_map<PyObject*, TrackedObject> known_;
  std::size_t many_known_ = kManyKnown;  // from here on the dead are looked for
  std::unordered_map<std::string, int>
      numbers_;              // the last, of digests with many duplicates
  std::uint64_t epoch_ = 0;  // counts tables
  core::SipHashKey process_key_{};
  int process_ = 0;          // which has that key; 0: none was drawn
  std::uint64_t drawn_ = 0;  // counts keys
  std::uint64_t incarnations_ = 0;
  Py_ssize_t modules_ = 0;  // how many were loaded when other trackers were looked for
  std::size_t others_ = 0;
  PyObject* sys_dict_ = nullptr;
  PyObject* objects_ = nullptr;     // sys._cppickle_tracker: see runtime_helper.cc
  PyObject* references_ = nullptr;  // objects.data: id -> weak reference
  RuntimeHelper helper_;
  // The ids in `references_` by their objects' addresses, as far as they have been
  // read: up to the entry of `last_read_`, which begins at `position_`.
  std::unordered_map<PyObject*, cpython::Ref> ids_;
  cpython::Ref last_read_;
  Py_ssize_t position_ = 0;
};

}  // namespace cppickle::identity

#endif  // CPPICKLE_IDENTITY_TRACKER_H_
