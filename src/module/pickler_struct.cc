#include "module/pickler_struct.h"

#include "cpython/error.h"

namespace cppickle::module {

void clear_memo(PicklerObject* pickler) {
  PicklerData& data = *pickler->data;
  if (data.running)
    cpython::raise(PyExc_RuntimeError,
                   "the memo cannot be changed in the middle of a dump()");
  data.memo.clear();
  data.reducers.clear();
}

}  // namespace cppickle::module
