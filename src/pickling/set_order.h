// The order in which streams with code hold the items of sets.
#ifndef CPPICKLE_PICKLING_SET_ORDER_H_
#define CPPICKLE_PICKLING_SET_ORDER_H_

#include <functional>

#include "cpython/ref.h"
#include "pickling/instance_plans.h"

namespace cppickle::pickling {

// A set iterates in the order of its items' hashes, and those of strings (and of what
// hashes by them, or by its address) are others in each process.  A stream with code
// must be the same in all of them: class ids are made of it.
//
// The kinds in order: numbers, strings, bytes, tuples, frozensets, functions and
// classes by name, instances by their class and attributes, and others by their reduce
// values; each kind by its content.  Items that differ too deep inside keep the order
// in which they are given.

// Asks for the reduce value of an item; empty where there is none.  Runs foreign code.
using AskForReduction = std::function<cpython::Ref(PyObject*)>;

// The items of a set as a tuple; empty when iteration gives the same order in every
// process.
cpython::Ref canonically_ordered(PyObject* set, InstancePlans& plans,
                                 const AskForReduction& ask);
// Sorts a list of such items, which nobody else knows.
void sort_canonically(PyObject* list, InstancePlans& plans, const AskForReduction& ask);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_SET_ORDER_H_
