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
  std::memcpy(bytes + kPycHeaderSize, PyBytes_AS_STRING(blob),
              static_cast<std::size_t>(size));
  return pyc;
}

// Bytes that nothing else in the stream refers to.
void push_bytes(Pickler& pickler, PyObject* bytes) {
  if (pickler.protocol() < 3) return pickler.save(bytes);
  pickler.emitter().bytes(cpython::bytes_view(bytes), bytes);
}

Ref guard_text(PyObject* code) {
  return checked(PyUnicode_FromFormat("%U, pickled by CPython %d.%d, loaded by CPython",
                                      reinterpret_cast<PyCodeObject*>(code)->co_name,
                                      PY_MAJOR_VERSION, PY_MINOR_VERSION));
}

// The guarded form in one piece.  Its strings are nobody else's, so the memo stays out
// of it.
std::string encoded_guard(PyObject* code, PyObject* blob) {
  core::MemorySink sink;
  core::Emitter emitter(sink, 4);
  auto text = [&](std::string_view utf8) { emitter.utf8(utf8, nullptr); };
  auto global = [&](std::string_view module, std::string_view name) {
    text(module);
    text(name);
    emitter.op(Opcode::STACK_GLOBAL);
  };
  global("zipimport", "_unmarshal_code");
  for (Opcode op : {Opcode::MARK, Opcode::NONE, Opcode::NONE, Opcode::NONE})
    emitter.op(op);
  Ref guard = guard_text(code);
  text(cpython::utf8_view(guard.get()));
  global("sys", "version");
  emitter.op(Opcode::TUPLE2);
  Ref pyc = pyc_of(blob);
  emitter.bytes(cpython::bytes_view(pyc.get()), nullptr);
  emitter.op(Opcode::TUPLE, Opcode::REDUCE);
  return std::string(emitter.written(0));
}

void write_guarded(Script& script, Pickler& pickler, PyObject* code,
                   const CodeInfo& info) {
  PyObject* blob = info.blob.get();
  bool whole =
      script.is_direct() && script.protocol() >= 4 &&
      static_cast<std::size_t>(PyBytes_GET_SIZE(blob)) < Pickler::kLongestFragment / 2;
  if (whole) {
    if (info.guarded.empty()) info.guarded = encoded_guard(code, blob);
    pickler.emit_fragment(info.guarded);
    return;
  }
  script.save(pickler.imported().unmarshal_code);
  begin_tuple(script, 5);
  script.op(Opcode::NONE).op(Opcode::NONE).op(Opcode::NONE);
  begin_tuple(script, 2);
  script.save(guard_text(code).get());
  write_global(script, pickler.names().sys, pickler.names().version);
  end_tuple(script, 2);
  script.call(push_bytes, pyc_of(blob).get());
  end_tuple(script, 5);
  script.op(Opcode::REDUCE);
}

void write_unguarded(Script& script, Pickler& pickler, PyObject* blob) {
  script.save(pickler.imported().marshal_loads);
  begin_tuple(script, 1);
  // Before protocol 3 bytes are calls, which may need a frame.
  bool at_once =
      script.is_direct() && script.protocol() >= 3 &&
      static_cast<std::size_t>(PyBytes_GET_SIZE(blob)) < Pickler::kLongestFragment;
  if (at_once) {
    push_bytes(pickler, blob);
  } else {
    script.call(push_bytes, blob);
  }
  end_tuple(script, 1);
  script.op(Opcode::REDUCE);
}

// Pushes a code object that is not in the memo yet.
void write_new_code(Script& script, PyObject* code) {
  Pickler& pickler = script.pickler();
  ByValue& reducers = ByValue::of(pickler);
  const CodeInfo& info = reducers.shared().code_info(code);
  if (reducers.guard_is_due(pickler.memoizing())) {
    write_guarded(script, pickler, code, info);
  } else {
    write_unguarded(script, pickler, info.blob.get());
  }
  script.memoize(code);
}

}  // namespace

void write_code(Script& script, PyObject* code) {
  Shared& shared = ByValue::of(script.pickler()).shared();
  bool replaced = shared.replacements().of(Helper::kCodeReduce) != nullptr;
  if (!script.is_direct() || replaced) {
    script.save(code);
  } else if (!script.pickler().get(code)) {
    write_new_code(script, code);
  }
}

bool save_code(ByValue& reducers, Pickler& pickler, PyObject* code) {
  pickler.memo().unify_strings();
  const Replacements& replacements = reducers.shared().replacements();
  if (replacements.of(Helper::kCodeReduce) != nullptr) [[unlikely]] {
    Ref value = replacements.call(Helper::kCodeReduce, code);
    return pickler.save_reduce_value(code, value.get()), true;
  }
  Script script(pickler);
  write_new_code(script, code);
  script.start(code);
  return true;
}

}  // namespace cppickle::by_value
