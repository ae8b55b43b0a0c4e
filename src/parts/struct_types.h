// What is special about classes whose metaclass is msgspec's: made in C, it keeps the
// fields of a class where nothing else reaches, so that only it can make them again.
#ifndef CPPICKLE_PARTS_STRUCT_TYPES_H_
#define CPPICKLE_PARTS_STRUCT_TYPES_H_

#include <vector>

#include "cpython/names.h"
#include "cpython/ref.h"

namespace cppickle::parts {

bool is_struct_class(PyTypeObject* type);

// What a class statement has told the metaclass.
struct StructDefinition {
  struct Default {
    cpython::Ref field;
    cpython::Ref value;
  };
  cpython::Ref keywords;     // a dict: frozen=, tag=, rename=..
  cpython::Ref annotations;  // a dict of the fields that the class declares, with None
  std::vector<Default> defaults;
};

// REQUIRES: a class of msgspec's.  Runs foreign code.
StructDefinition definition_of_struct(PyTypeObject* type, const cpython::Names& names);

}  // namespace cppickle::parts

#endif  // CPPICKLE_PARTS_STRUCT_TYPES_H_
