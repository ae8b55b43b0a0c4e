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
  pickler.emitter().bytes(
      {PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))},
      bytes);
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
  Py_ssize_t size;
  const char* utf8 = PyUnicode_AsUTF8AndSize(guard.get(), &size);
  if (utf8 == nullptr) throw cpython::ErrorSet{};
  text({utf8, static_cast<std::size_t>(size)});
  global("sys", "version");
  emitter.op(Opcode::TUPLE2);
  Ref pyc = pyc_of(blob);
  emitter.bytes({PyBytes_AS_STRING(pyc.get()),
                 static_cast<std::size_t>(PyBytes_GET_SIZE(pyc.get()))},
                nullptr);
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
  if (script.is_direct() &&
      static_cast<std::size_t>(PyBytes_GET_SIZE(blob)) < Pickler::kLongestFragment) {
    push_bytes(pickler, blob);
  } else {
    script.call(push_bytes, blob);
  }
  end_tuple(script, 1);
  script.op(Opcode::REDUCE);
}

}  // namespace

void write_code(ByValue& reducers, Pickler& pickler, Script& script, PyObject* code) {
  if (script.is_direct() && pickler.get(code)) return;
  if (!script.is_direct()) {
    script.save(code);
    return;
  }
  const CodeInfo& info = reducers.shared().code_info(code);
  if (reducers.guard_is_due(pickler.memoizing())) {
    write_guarded(script, pickler, code, info);
  } else {
    write_unguarded(script, pickler, info.blob.get());
  }
  script.memoize(code);
}

bool save_code(ByValue& reducers, Pickler& pickler, PyObject* code) {
  pickler.memo().unify_strings();
  const CodeInfo& info = reducers.shared().code_info(code);
  Script script(pickler);
  if (reducers.guard_is_due(pickler.memoizing())) {
    write_guarded(script, pickler, code, info);
  } else {
    write_unguarded(script, pickler, info.blob.get());
  }
  script.memoize(code).start(code);
  return true;
}

}  // namespace cppickle::by_value
