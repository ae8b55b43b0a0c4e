// The order in which streams with code hold the items of sets.
#ifndef CPPICKLE_PICKLING_SET_ORDER_H_
#define CPPICKLE_PICKLING_SET_ORDER_H_

#include "cpython/ref.h"
#include "pickling/instance_plans.h"

namespace cppickle::pickling {

// A set iterates in the order of its items' hashes, and those of strings (and of what
// hashes by them, or by its address) are others in each process.  A stream with code
// must be the same in all of them: class ids are made of it.
//
// Answers the items as a tuple: numbers first, then strings, bytes, tuples, frozensets,
// functions and classes by name, and instances by their class and attributes, each kind
// by its content.  Items of other kinds, and those that differ too deep inside, keep
// the order of iteration behind them.  Empty when iteration gives the same order in
// every process.  Runs no foreign code.
cpython::Ref in_canonical_order(PyObject* set, InstancePlans& plans);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_SET_ORDER_H_
