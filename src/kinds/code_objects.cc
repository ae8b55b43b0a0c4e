#include "kinds/code_objects.h"

#include <string>
#include <string_view>

#include "bytecode/code_info.h"
#include "bytecode/foreign_constants.h"
#include "core/emitter.h"
#include "core/opcode.h"
#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/memo.h"
#include "policy/overrides.h"
#include "stream/by_value_context.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using bytecode::CodeInfo;
using core::Opcode;
using cpython::checked;
using cpython::Ref;
using pickling::CodeScope;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using policy::Overridable;
using policy::Overrides;
using stream::begin_tuple;
using stream::ByValueContext;
using stream::end_tuple;
using stream::StreamState;
using stream::write_bytes;
using stream::write_call;
using stream::write_global;

namespace {

bool is_short(const CodeInfo& info) {
  return info.blob().size() < Pickler::kLongestFragment / 2;
}

// What the ImportError quotes, in UTF-8.
std::string guard_text(PyObject* code) {
  PyObject* name = reinterpret_cast<PyCodeObject*>(code)->co_name;
  std::string text;
  text.reserve(128);
  if (PyUnicode_IS_COMPACT_ASCII(name)) {
    text = cpython::compact_ascii(name);
  } else {
    text = cpython::bytes_view(
        checked(PyUnicode_AsEncodedString(name, "utf-8", "backslashreplace")).get());
  }
  return text.append(", pickled by CPython ")
      .append(cpython::kPythonVersion)
      .append(", loaded by CPython");
}

// Its strings are nobody else's, so the memo stays out of it.
void emit_guarded(core::Emitter& emitter, PyObject* code, const CodeInfo& info) {
  auto global = [&](std::string_view module, std::string_view name) {
    emitter.utf8(module, nullptr);
    emitter.utf8(name, nullptr);
    emitter.op(Opcode::STACK_GLOBAL);
  };
  global("zipimport", "_unmarshal_code");
  emitter.op(Opcode::MARK);
  emitter.op(Opcode::NONE, Opcode::NONE, Opcode::NONE);
  emitter.utf8(guard_text(code), nullptr);
  global("sys", "version");
  emitter.op(Opcode::TUPLE2);
  emitter.bytes(cpython::bytes_view(info.pyc.get()), nullptr);
  emitter.op(Opcode::TUPLE, Opcode::REDUCE);
}

void write_guarded(Script& script, Pickler& pickler, PyObject* code,
                   const CodeInfo& info) {
  // In one piece, without the memo: the strings stand nowhere else in the stream.  A
  // long blob takes its turn as a step.
  if (script.is_direct() && script.protocol() >= 4 && is_short(info))
    return emit_guarded(pickler.emitter(), code, info);
  std::string text = guard_text(code);
  Ref quoted = checked(
      PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
  script.save(pickler.imported().unmarshal_code);
  begin_tuple(script, 5);
  script.op(Opcode::NONE).op(Opcode::NONE).op(Opcode::NONE);
  begin_tuple(script, 2);
  script.save(quoted.get());
  write_global(script, pickler.names().sys, pickler.names().version);
  end_tuple(script, 2);
  write_bytes(script, info.pyc.get());
  end_tuple(script, 5);
  script.op(Opcode::REDUCE);
}

void write_unguarded(Script& script, Pickler& pickler, const CodeInfo& info) {
  script.save(pickler.imported().marshal_loads);
  begin_tuple(script, 1);
  write_bytes(script, info.blob());
  end_tuple(script, 1);
  script.op(Opcode::REDUCE);
}

// partial(placeholder.replace, co_consts=constants)()
void write_with_constants(Script& script, PyObject* code) {
  Pickler& pickler = script.pickler();
  pickler.before_foreign_code();
  const cpython::Names& names = pickler.names();
  Ref placeholder = bytecode::without_foreign_constants(code);
  Ref replace = cpython::read_attribute(placeholder.get(), names.replace);
  write_call(script, pickler.imported().functools_partial, {replace.get()});
  // functools.partial.__setstate__ takes the function, arguments, keywords, attributes.
  script.op(Opcode::MARK).save(replace.get()).save(pickler.imported().empty_tuple);
  stream::new_dict(
      script, {{names.co_consts, cpython::code_constants(code), Label::kAttribute}});
  script.op(Opcode::NONE).op(Opcode::TUPLE).op(Opcode::BUILD);
  script.save(pickler.imported().empty_tuple).op(Opcode::REDUCE);
}

// Pushes a code object that is not in the memo yet.
void write_new_code(Script& script, PyObject* code) {
  Pickler& pickler = script.pickler();
  StreamState& state = StreamState::of(pickler);
  const CodeInfo& info = state.context().code_info(cpython::read_code(code));
  if (!info.has_blob()) {
    write_with_constants(script, code);
  } else if (state.guard_is_due(pickler.memoizing())) {
    write_guarded(script, pickler, code, info);
  } else {
    write_unguarded(script, pickler, info);
  }
  script.memoize(code);
}

}  // namespace

void write_code(Script& script, PyObject* code) {
  ByValueContext& context = StreamState::of(script.pickler()).context();
  bool replaced = context.overrides().of(Overridable::kCodeReduce) != nullptr;
  if (!script.is_direct() || replaced) {
    script.save(code);
  } else if (!script.pickler().get(code)) {
    write_new_code(script, code);
  }
}

bool save_code(StreamState& state, Pickler& pickler, PyObject* code) {
  CodeScope scope(pickler.memo());
  const Overrides& overrides = state.context().overrides();
  if (overrides.of(Overridable::kCodeReduce) != nullptr) [[unlikely]] {
    Ref value = overrides.call(Overridable::kCodeReduce, code);
    return pickler.save_reduce_value(code, value.get()), true;
  }
  Script script(pickler);
  write_new_code(script, code);
  script.start(code);
  return true;
}

Ref code_to_begin_with(StreamState& state, Pickler& pickler, PyObject* code) {
  const ByValueContext& context = state.context();
  if (context.code_info(code).has_blob() || !pickler.memoizing() ||
      pickler.is_memoized(code) ||
      state.context().overrides().of(Overridable::kCodeReduce) != nullptr)
    return Ref();
  pickler.before_foreign_code();
  return bytecode::without_foreign_constants(code);
}

}  // namespace cppickle::kinds
