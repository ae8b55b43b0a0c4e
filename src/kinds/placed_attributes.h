// Where the attributes of a class are written: in the body, which type.__new__ is
// given, or in the state, which is set on the class when it is there.
#ifndef CPPICKLE_KINDS_PLACED_ATTRIBUTES_H_
#define CPPICKLE_KINDS_PLACED_ATTRIBUTES_H_

#include <vector>

#include "cpython/error.h"
#include "cpython/ref.h"
#include "parts/class_parts.h"
#include "pickling/pickler.h"
#include "stream/script_parts.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// Owns what the script refers to until that has its own references.
struct PlacedAttributes {
  std::vector<parts::ClassAttribute> attributes;
  std::vector<stream::Entry> body;
  std::vector<stream::Entry> shape;      // of the body: what cannot be set on a class
  std::vector<stream::Entry> functions;  // set first, when something else may need them
  std::vector<stream::Entry> rest;
  // Where an enumeration's members are entered as they are made.
  cpython::Ref empty_dict = cpython::checked(PyDict_New());
};

PlacedAttributes placed_attributes(stream::StreamState& state,
                                   pickling::Pickler& pickler, PyObject* cls);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_PLACED_ATTRIBUTES_H_
