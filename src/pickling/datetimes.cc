// Dates, times and differences of the module datetime, as their __reduce_ex__ has it.
#include "cpython/datetimes.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "pickling/pickler.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::DateTimeKind;

namespace {

// True when the module's attribute is the type: somebody may have put another there.
bool is_found_by_import(PyObject* module_name, PyObject* qualname, PyTypeObject* type) {
  PyObject* module = cpython::loaded_module(module_name);
  if (module == nullptr || !PyModule_CheckExact(module)) return false;
  return cpython::checked_lookup(PyDict_GetItemWithError(
             PyModule_GetDict(module), qualname)) == reinterpret_cast<PyObject*>(type);
}

}  // namespace

bool Pickler::save_datetime(PyObject* object, DateTimeKind kind) {
  if (!may_use_leaf_writer_ || !save_datetime_type(Py_TYPE(object), kind)) return false;
  commit_due_frame();
  if (kind == DateTimeKind::kDelta) {
    for (int part : cpython::delta_parts(object)) {
      commit_due_frame();
      emitter_.int4(part);
    }
    finish_datetime(object, Opcode::TUPLE3);
    return true;
  }
  cpython::DateTimeState state = cpython::datetime_state(object, kind);
  emitter_.bytes(state.view(), nullptr);
  emitter_.memoize(memo_.add_anonymous());
  if (state.tzinfo == nullptr) {
    finish_datetime(object, Opcode::TUPLE1);
    return true;
  }
  Script script(*this);
  script.save(state.tzinfo, Label::kAttribute, names().tzinfo).op(Opcode::TUPLE2);
  script.call([](Pickler& self,
                 PyObject*) { self.emitter_.memoize(self.memo_.add_anonymous()); },
              nullptr);
  script.op(Opcode::REDUCE).memoize(object).start(object);
  return true;
}

// False when it is not what its name leads to; then nothing is written.
bool Pickler::save_datetime_type(PyTypeObject* type, DateTimeKind kind) {
  auto cls = reinterpret_cast<PyObject*>(type);
  if (get(cls)) return true;
  const cpython::DateTimes& datetimes = plans_.datetimes();
  PyObject* module = datetimes.module_name();
  PyObject* qualname = datetimes.qualname(kind);
  if (!is_found_by_import(module, qualname, type)) return false;
  emit_global(cls, module, qualname);
  return true;
}

// The arguments are on the unpickler's stack; their tuple exists in the stream only.
void Pickler::finish_datetime(PyObject* object, Opcode tuple) {
  memo_.add_anonymous();
  next_index(object, 1);
  emitter_.op(tuple, Opcode::MEMOIZE);
  emitter_.op(Opcode::REDUCE, Opcode::MEMOIZE);
}

}  // namespace cppickle::pickling
