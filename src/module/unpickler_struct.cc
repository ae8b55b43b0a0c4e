#include "module/unpickler_struct.h"

#include "cpython/error.h"

namespace cppickle::module {

void require_idle(const UnpicklerData& data) {
  if (data.running)
    cpython::raise(PyExc_RuntimeError, "Unpickler object is already used");
}

}  // namespace cppickle::module
