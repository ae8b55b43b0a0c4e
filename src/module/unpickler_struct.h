// What an instance of the Python type Unpickler holds.
#ifndef CPPICKLE_MODULE_UNPICKLER_STRUCT_H_
#define CPPICKLE_MODULE_UNPICKLER_STRUCT_H_

#include <memory>
#include <string>

#include "cpython/ref.h"
#include "unpickling/input.h"
#include "unpickling/object_table.h"

namespace cppickle::module {

struct UnpicklerData {
  unpickling::ObjectTable memo;
  unpickling::InputFile file;  // without `read` before __init__
  std::unique_ptr<unpickling::Input> input;
  cpython::Ref buffers;          // an iterator; empty: none
  cpython::Ref persistent_load;  // what was assigned to the instance of a class without
                                 // such a method
  std::string encoding;
  std::string errors;
  int protocol = 0;  // what the last PROTO said
  bool fix_imports = true;
  bool running = false;
};

struct UnpicklerObject {
  PyObject_HEAD UnpicklerData* data;
};

inline UnpicklerObject* as_unpickler(PyObject* object) {
  return reinterpret_cast<UnpicklerObject*>(object);
}

// Throws ErrorSet with a RuntimeError while a load runs.
void require_idle(const UnpicklerData& data);

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_UNPICKLER_STRUCT_H_
