// The class tracker: one identity per process for by-value classes and type variables.
#ifndef CPPICKLE_IDENTITY_TRACKER_H_
#define CPPICKLE_IDENTITY_TRACKER_H_

#include <cstdint>
#include <string>
#include <unordered_map>

#include "cpython/imported.h"
#include "cpython/ref.h"
#include "identity/helper.h"

namespace cppickle::identity {

// What travels with an object; borrowed from the tracker until its next call.
struct Identity {
  PyObject* id;     // bytes, the same in every process that knows the object
  PyObject* token;  // bytes: which state of it
};

// Ids are made of an object's content, so that the same definition has the same id in
// every run; a second object with the same content in one process gets a number behind
// it.  An object that a stream of cppickle or cloudpickle has brought keeps the id that
// came with it.  Objects are referenced weakly.  Requires the GIL.
class Tracker {
 public:
  explicit Tracker(const cpython::Imported& imported) : imported_(imported) {}

  // What made ids and tokens: the digest of an object's content (fingerprint.h).
  struct Digest {
    cpython::Ref bytes;
    bool changes_with_version =
        false;  // a class: the same as long as its type_version() is
  };
  using Digester = Digest (*)(void* context, PyObject* object);

  // Looks for the tables again: a stream that was loaded may have made them.  When they
  // are others, all ids are others too, and the epoch changes.
  void open();
  std::uint64_t epoch() const { return epoch_; }

  // The identity of a class or another object that takes weak references.
  Identity identify(PyObject* object, Digester digester, void* context);

  void load();
  int traverse(visitproc visit, void* arg) const;
  void release();
  const Helpers& helpers() const { return helpers_; }

 private:
  struct Known {
    cpython::Ref weak;
    cpython::Ref id;
    cpython::Ref token;
    unsigned version =
        0;  // of the class that the token belongs to; 0: the token is to be made again
  };

  Known* find(PyObject* object);
  Known& make_known(PyObject* object);
  void forget_the_dead();
  void drop_tokens(PyObject* id);
  cpython::Ref id_from_stream(PyObject* object);
  void read_new_ids();
  bool is_taken(PyObject* id) const;
  cpython::Ref free_id(PyObject* digest);
  void notice_other_trackers();
  void enter(PyObject* object, PyObject* digest, Known& known);

  static constexpr std::size_t kManyKnown = 64;

  const cpython::Imported& imported_;
  std::unordered_map<PyObject*, Known> known_;
  std::size_t many_known_ = kManyKnown;  // from here on the dead are looked for
  std::unordered_map<std::string, int>
      numbers_;  // the last, of digests with many twins
  std::uint64_t epoch_ = 0;
  Py_ssize_t modules_ = 0;  // how many were loaded when other trackers were looked for
  std::size_t others_ = 0;
  PyObject* sys_dict_ = nullptr;
  PyObject* objects_ = nullptr;     // sys._cppickle_tracker: see helper.cc
  PyObject* tokens_ = nullptr;      // its __dict__
  PyObject* references_ = nullptr;  // objects.data: id -> weak reference
  Helpers helpers_;
  // The ids in `references_` by their objects' addresses, as far as they have been
  // read: up to the entry of `last_read_`, which begins at `position_`.
  std::unordered_map<PyObject*, cpython::Ref> ids_;
  cpython::Ref last_read_;
  Py_ssize_t position_ = 0;
};

}  // namespace cppickle::identity

#endif  // CPPICKLE_IDENTITY_TRACKER_H_
