// Persistent ids: what persistent_id() answers for an object stands in its place.
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/script.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::checked;
using cpython::Ref;

bool Pickler::save_persistent(PyObject* object) {
  Ref id = persistent_id_of(object);
  if (id.get() == Py_None) return false;
  if (emitter_.binary()) {
    Script(*this)
        .call([](Pickler& self, PyObject* value) { self.save_now(value); }, id.get())
        .op(Opcode::BINPERSID)
        .start();
    return true;
  }
  Ref text = checked(PyObject_Str(id.get()));
  if (!PyUnicode_IS_ASCII(text.get())) {
    fail(imported_.pickling_error,
         "persistent IDs in protocol 0 must be ASCII strings");
  }
  emitter_.op_line(Opcode::PERSID,
                   {static_cast<const char*>(PyUnicode_DATA(text.get())),
                    static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.get()))});
  return true;
}

}  // namespace cppickle::pickling
