// Reduce values that the engine makes itself, of types of the standard library and of
// numpy whose methods it knows.
#ifndef CPPICKLE_PICKLING_NATIVE_REDUCTIONS_H_
#define CPPICKLE_PICKLING_NATIVE_REDUCTIONS_H_

#include <cstddef>
#include <vector>

#include "cpython/names.h"
#include "cpython/ref.h"
#include "pickling/native_kinds.h"
#include "pickling/watched_names.h"

namespace cppickle::pickling {

// How the instances of one type are reduced, as one of them has answered.
//
// The kind says where in an object the parts are; that they are there has been seen in
// the answer, and that it is the library's own method which answers, in the method.
// Owns objects of modules, and no class.
struct NativeReduction {
  struct Dtype {
    cpython::Ref dtype;
    std::size_t item_size;
  };

  NativeKind kind = NativeKind::kNone;
  std::vector<Py_ssize_t> offsets;  // of members, in bytes
  cpython::Ref reducer;             // where one is registered
  cpython::Ref callable;            // where it is not the class
  cpython::Ref key;                 // kState
  cpython::Ref constant;            // kState: the other member
  std::vector<Dtype> dtypes;        // kScalar, kArray: those that have been seen
  WatchedNames watched;             // what whoever answers stands on

  PyObject* member(PyObject* object, std::size_t i) const {
    return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + offsets[i]);
  }
  const Dtype* find(PyObject* dtype) const;
  // True when an answer of the object's has nothing new.
  bool knows(PyObject* object) const;
};

// Learns from what an object of that kind has answered, or a `reducer` for it (else
// null); of kind kNone when it is another answer than expected.  Runs no foreign code.
NativeReduction learned_reduction(NativeKind kind, PyObject* object, PyObject* value,
                                  PyObject* reducer, const cpython::Names& names);

// Adds the dtype that an answer has, where it has one.  Runs no foreign code.
void learn_dtype(NativeReduction& reduction, PyObject* object, PyObject* value);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_NATIVE_REDUCTIONS_H_
