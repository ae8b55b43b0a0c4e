#include "by_value/code_objects.h"

#include <cstring>

#include "by_value/script_parts.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using core::Opcode;
using cpython::checked;
using cpython::Ref;
using pickling::Pickler;
using pickling::Script;

namespace {

constexpr Py_ssize_t kPycHeaderSize = 16;
constexpr char kUncheckedHash = 1;

Ref pyc_of(PyObject* blob) {
  Py_ssize_t size = PyBytes_GET_SIZE(blob);
  Ref pyc = checked(PyBytes_FromStringAndSize(nullptr, kPycHeaderSize + size));
  char* bytes = PyBytes_AS_STRING(pyc.get());
  std::memset(bytes, 0, kPycHeaderSize);
  std::memcpy(bytes, cpython::bytecode_magic().data(), 4);
  bytes[4] = kUncheckedHash;
  std::memcpy(bytes + kPycHeaderSize, PyBytes_AS_STRING(blob), static_cast<std::size_t>(size));
  return pyc;
}

// Bytes that nothing else in the stream refers to.
void push_bytes(Pickler& pickler, PyObject* bytes) {
  if (pickler.protocol() < 3) return pickler.save(bytes);
  pickler.emitter().bytes(
      {PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))}, bytes);
}

Ref guard_text(PyObject* code) {
  return checked(PyUnicode_FromFormat("function %U pickled by CPython %d.%d, loaded by CPython",
                                      reinterpret_cast<PyCodeObject*>(code)->co_name, PY_MAJOR_VERSION,
                                      PY_MINOR_VERSION));
}

}  // namespace

bool save_code(ByValue& reducers, Pickler& pickler, PyObject* code) {
  pickler.before_foreign_code();
  PyObject* blob = reducers.shared().code_info(code).blob.get();
  Script script(pickler);
  if (reducers.guard_is_due(pickler.memoizing())) {
    script.save(pickler.imported().unmarshal_code);
    begin_tuple(script, 5);
    script.op(Opcode::NONE).op(Opcode::NONE).op(Opcode::NONE);
    begin_tuple(script, 2);
    script.save(guard_text(code).get());
    write_global(script, pickler.names().sys, pickler.names().version);
    end_tuple(script, 2);
    script.call(push_bytes, pyc_of(blob).get());
    end_tuple(script, 5);
  } else {
    script.save(pickler.imported().marshal_loads);
    begin_tuple(script, 1);
    script.call(push_bytes, blob);
    end_tuple(script, 1);
  }
  script.op(Opcode::REDUCE).memoize(code).start(code);
  return true;
}

}  // namespace cppickle::by_value
