// The attributes of instances, read without making their lazy __dict__.
#ifndef CPPICKLE_CPYTHON_ATTRIBUTES_H_
#define CPPICKLE_CPYTHON_ATTRIBUTES_H_

#include <array>
#include <cstddef>

#include "cpython/python.h"

namespace cppickle::cpython {

// Borrowed names and values, in their order.
struct Attributes {
  static constexpr std::size_t kMost = 24;

  std::array<PyObject*, kMost> names;  // exact str
  std::array<PyObject*, kMost> values;
  std::size_t count = 0;
  PyObject* dict = nullptr;  // borrowed; null: there is none yet

  // False when there are too many.
  bool add(PyObject* name, PyObject* value) {
    if (count == kMost) return false;
    names[count] = name;
    values[count++] = value;
    return true;
  }
};

// Reads what the instance's __dict__ holds, or would hold.  False for what
// instance_dict() has to be asked: names that are not exact str, a dict of a derived
// type, too many entries.  Runs no foreign code.
// REQUIRES: a type with a __dict__ of its own (tp_dictoffset).
bool read_attributes(PyObject* object, Attributes& attributes);

// True when the instance's own __dict__ has, or would have, an entry of this name.
// Throws ErrorSet.
bool has_attribute(PyObject* object, PyObject* name);

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_ATTRIBUTES_H_
