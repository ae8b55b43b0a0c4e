#include "stream/script_parts.h"

#include <cstddef>

#include "core/emitter.h"
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"

namespace cppickle::stream {

using core::Opcode;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;

namespace {

bool short_tuple(const Script& script, std::size_t size) {
  return size <= 3 && script.protocol() >= 2;
}

}  // namespace

bool is_atom(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type == &PyTuple_Type) return PyTuple_GET_SIZE(object) == 0;
  return object == Py_None || object == Py_Ellipsis || type == &PyUnicode_Type ||
         type == &PyLong_Type || type == &PyBool_Type || type == &PyFloat_Type ||
         type == &PyBytes_Type;
}

void begin_tuple(Script& script, std::size_t size) {
  if (!short_tuple(script, size)) script.op(Opcode::MARK);
}

void end_tuple(Script& script, std::size_t size) {
  constexpr Opcode kShort[] = {Opcode::EMPTY_TUPLE, Opcode::TUPLE1, Opcode::TUPLE2,
                               Opcode::TUPLE3};
  script.op(short_tuple(script, size) ? kShort[size] : Opcode::TUPLE);
}

void save_value(Script& script, const Entry& entry) {
  entry.is_data ? script.data(entry.value, entry.label, entry.key)
                : script.save(entry.value, entry.label, entry.key);
}

void set_entries(Script& script, const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  bool many = entries.size() > 1 && script.protocol() >= 1;
  if (many) script.op(Opcode::MARK);
  for (const Entry& entry : entries) {
    bool is_name = entry.label == Label::kGlobal;
    is_name ? script.key(entry.key) : script.save(entry.key);
    save_value(script, entry);
    if (!many) script.op(Opcode::SETITEM);
  }
  if (many) script.op(Opcode::SETITEMS);
}

void new_dict(Script& script, const std::vector<Entry>& entries) {
  if (script.protocol() >= 1) {
    script.op(Opcode::EMPTY_DICT);
  } else {
    script.op(Opcode::MARK).op(Opcode::DICT);
  }
  set_entries(script, entries);
}

void build_state(Script& script, PyObject* dict, const std::vector<Entry>& slots) {
  bool has_dict = dict != nullptr && cpython::read_size(dict) != 0;
  if (slots.empty()) {
    if (has_dict) script.save(dict, Label::kState).op(Opcode::BUILD);
    return;
  }
  begin_tuple(script, 2);
  script.save(has_dict ? dict : Py_None, Label::kState);
  new_dict(script, slots);
  end_tuple(script, 2);
  script.op(Opcode::BUILD);
}

void write_global(Script& script, PyObject* module, PyObject* name) {
  if (script.protocol() >= 4) {
    script.key(module).key(name).op(Opcode::STACK_GLOBAL);
    return;
  }
  script.call(
      [](Pickler& self, PyObject* pair) {
        self.emitter().op_lines(Opcode::GLOBAL,
                                cpython::utf8_view(PyTuple_GET_ITEM(pair, 0)),
                                cpython::utf8_view(PyTuple_GET_ITEM(pair, 1)));
      },
      cpython::checked(PyTuple_Pack(2, module, name)).get());
}

namespace {

void push_bytes(Pickler& pickler, PyObject* bytes) {
  if (pickler.protocol() < 3) return pickler.save(bytes);
  pickler.emitter().bytes(cpython::bytes_view(bytes), bytes);
}

// A long one may be what the frame of the format ends with.  Before protocol 3 bytes
// are calls, which may need a frame of the stack.
bool takes_bytes_at_once(const Script& script, std::size_t size) {
  return script.is_direct() && script.protocol() >= 3 &&
         size < Pickler::kLongestFragment / 2;
}

}  // namespace

void write_bytes(Script& script, PyObject* bytes) {
  if (takes_bytes_at_once(script, cpython::bytes_view(bytes).size())) {
    push_bytes(script.pickler(), bytes);
  } else {
    script.call(push_bytes, bytes);
  }
}

void write_bytes(Script& script, std::string_view content) {
  if (takes_bytes_at_once(script, content.size()))
    return script.pickler().emitter().bytes(content, nullptr);
  cpython::Ref bytes = cpython::checked(PyBytes_FromStringAndSize(
      content.data(), static_cast<Py_ssize_t>(content.size())));
  script.call(push_bytes, bytes.get());
}

void write_builtins_entry(Script& script, const cpython::Names& names) {
  script.key(names.builtins_attribute);
  write_global(script, names.builtins_name, names.attr_dict);
  script.op(Opcode::SETITEM);
}

void write_call(Script& script, PyObject* callable,
                std::initializer_list<PyObject*> arguments) {
  script.save(callable);
  begin_tuple(script, arguments.size());
  for (PyObject* argument : arguments) script.save(argument);
  end_tuple(script, arguments.size());
  script.op(Opcode::REDUCE);
}

void save_call(Pickler& pickler, PyObject* object, PyObject* callable,
               std::initializer_list<PyObject*> arguments) {
  pickler.before_foreign_code();
  Script script(pickler);
  write_call(script, callable, arguments);
  script.memoize(object).start(object);
}

cpython::Ref with_keywords(const cpython::Imported& imported, PyObject* callable,
                           PyObject* keywords) {
  using cpython::checked;
  if (PyDict_GET_SIZE(keywords) == 0) return cpython::Ref::borrow(callable);
  cpython::Ref head = checked(PyTuple_Pack(1, callable));
  return checked(PyObject_Call(imported.functools_partial, head.get(), keywords));
}

}  // namespace cppickle::stream
