// Where an object holds another, in the words of Python code.
#ifndef CPPICKLE_PICKLING_OBJECT_PLACES_H_
#define CPPICKLE_PICKLING_OBJECT_PLACES_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "cpython/names.h"
#include "cpython/ref.h"

namespace cppickle::pickling {

// Appends, piece by piece: g++ 12 warns of sums of strings for no reason.
std::string joined(std::initializer_list<std::string_view> pieces);

// "?" for what is no str, and for what has no UTF-8.  Leaves no error.
std::string utf8(PyObject* text);

// repr(), short, or the type's name for objects whose repr fails.  Runs foreign code.
std::string short_repr(PyObject* object);

// The item of an iteration over `path`.
std::string element_of(const std::string& path, std::size_t number);

// True for the text of an expression's part: x, x.y, but not <lambda>.
bool is_name(PyObject* text);

// Python code for where `owner`, which `path` names, holds `value` itself: an
// attribute, one of the items of an attribute that is a tuple, or an item.  Empty where
// nothing is found.  Runs no foreign code but reprs of keys; leaves no error.
//
// A reduce value consists of what its object holds, in an order of its own:
// partial.func says more than partial.__reduce__()[1][0].
std::string place_within(PyObject* value, PyObject* owner, const std::string& path,
                         const cpython::Names& names);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_OBJECT_PLACES_H_
