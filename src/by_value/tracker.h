// The class tracker: one identity per process for by-value classes and type variables.
#ifndef CPPICKLE_BY_VALUE_TRACKER_H_
#define CPPICKLE_BY_VALUE_TRACKER_H_

#include <unordered_map>

#include "by_value/helper.h"
#include "cpython/ref.h"

namespace cppickle::by_value {

// What travels with an object; borrowed from the tracker until its next call.
struct Identity {
  PyObject* id;     // bytes, the same in every process that knows the object
  PyObject* token;  // bytes: which state of it
};

// Ids are made of an object's content, so that the same definition has the same id in
// every run; a second object with the same content in one process gets a number behind
// it.  Objects are referenced weakly.  Requires the GIL.
class Tracker {
 public:
  // What made ids and tokens: the digest of an object's content (fingerprint.h).
  struct Digest {
    cpython::Ref bytes;
    bool changes_with_version =
        false;  // a class: the same as long as its type_version() is
  };
  using Digester = Digest (*)(void* context, PyObject* object);

  // The identity of a class or another object that takes weak references.
  Identity identify(PyObject* object, Digester digester, void* context);

  void load();
  int traverse(visitproc visit, void* arg) const;
  void release();
  const Helpers& helpers() const { return helpers_; }
  // The two tables, as keys of the memo; borrowed.  Valid after identify().
  PyObject* objects() const { return objects_; }
  PyObject* tokens() const { return tokens_; }

 private:
  struct Known {
    cpython::Ref weak;
    cpython::Ref id;
    cpython::Ref token;
    unsigned version =
        0;  // of the class that the token belongs to; 0: the token is to be made again
  };

  Known* find(PyObject* object);
  cpython::Ref id_in_process(PyObject* object) const;
  bool is_taken(PyObject* id) const;
  void enter(PyObject* object, PyObject* digest, Known& known);
  void open();

  std::unordered_map<PyObject*, Known> known_;
  PyObject* objects_ = nullptr;  // see helper.h
  PyObject* tokens_ = nullptr;
  PyObject* references_ = nullptr;       // objects.data: id -> weak reference
  PyObject* weak_values_ = nullptr;      // weakref.WeakValueDictionary
  PyObject* keyed_reference_ = nullptr;  // weakref.KeyedRef
  Helpers helpers_;
};

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_TRACKER_H_
