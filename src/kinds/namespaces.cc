#include "kinds/namespaces.h"

#include <unistd.h>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/work_stack.h"
#include "policy/policy.h"
#include "stream/by_value_context.h"
#include "stream/known_namespaces.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::Names;
using cpython::own_items;
using cpython::read_entry;
using cpython::Ref;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::end_tuple;
using stream::Entry;
using stream::is_atom;
using stream::Namespace;
using stream::new_dict;
using stream::set_entries;
using stream::StreamState;
using stream::write_builtins_entry;
using stream::write_call;
using stream::write_global;

namespace {

// The builtins by their dict, as exec() leaves it in its globals: each namespace has an
// entry for them anyhow.
bool is_builtins_dict(PyObject* name, PyObject* value) {
  return PyDict_CheckExact(value) &&
         PyUnicode_CompareWithASCIIString(name, "__builtins__") == 0;
}

}  // namespace

std::vector<Entry> base_entries(PyObject* globals, const Names& names) {
  std::vector<Entry> entries;
  entries.reserve(4);
  for (PyObject* name : stream::base_names(names)) {
    PyObject* value = read_entry(globals, name);
    if (value != nullptr) entries.push_back({name, value, Label::kGlobal});
  }
  return entries;
}

namespace {

// The module of a namespace that is not an imported one's: it may be saved itself
// later.
void write_namespace_module(Script& script, PyObject* globals) {
  const Namespace& space = StreamState::of(script.pickler()).namespace_of(globals);
  write_call(script, reinterpret_cast<PyObject*>(&PyModule_Type),
             {space.module_name.get()});
  script.memoize(space.module.get());
}

// Who sends it is told by the number of its process.
void write_shared_namespace(Script& script, const Namespace& space) {
  Ref process = checked(PyLong_FromLong(getpid()));
  const Names& names = script.pickler().names();
  write_global(script, names.namespaces_module, names.namespace_name);
  begin_tuple(script, 2);
  script.save(process.get());
  new_dict(script, base_entries(space.globals.get(), names));
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(space.memo_key.get());
}

// Pushes the rebuilt globals dict, which is not in the memo yet.
void write_new_namespace(Script& script, PyObject* globals) {
  Pickler& pickler = script.pickler();
  Namespace& space = StreamState::of(pickler).namespace_of(globals);
  if (space.is_shared) return write_shared_namespace(script, space);
  if (space.module) {
    script.save(pickler.imported().builtin_getattr);
    begin_tuple(script, 2);
    script.get_or_write(space.module.get(), write_namespace_module, globals);
    script.save(pickler.names().attr_dict);
    end_tuple(script, 2);
    script.op(Opcode::REDUCE).memoize(space.memo_key.get());
  } else {
    new_dict(script, {});
    script.memoize(space.memo_key.get());
  }
  // The module brings its names along.
  if (space.is_whole) return;
  set_entries(script, base_entries(globals, pickler.names()));
  write_builtins_entry(script, pickler.names());
}

}  // namespace

void write_namespace(Script& script, Namespace& space) {
  script.get_or_write(space.memo_key.get(), write_new_namespace, space.globals.get());
}

std::vector<Entry> missing_globals(const Namespace& space, PyObject* names,
                                   PyObject* values, bool memoizing) {
  std::vector<Entry> entries;
  if (space.is_whole) return entries;
  for (PyObject* name : own_items(names)) {
    PyObject* value = read_entry(values, name);
    if (value == nullptr || is_builtins_dict(name, value)) continue;
    if (memoizing && space.has_sent(name)) continue;
    entries.push_back({name, value, Label::kGlobal, true});
  }
  return entries;
}

namespace {

// In digests: values that are expanded once, however many functions name them.  Others
// are short.
bool is_part_by_itself(StreamState& state, PyObject* value) {
  if (is_atom(value) || PyModule_Check(value) || PyType_Check(value) ||
      PyCFunction_Check(value))
    return false;
  if (!PyFunction_Check(value)) return true;
  return !state.context().policy().is_importable_without_calls(
      value, policy::name_of_function(value));
}

}  // namespace

void find_tokens(StreamState& state, Pickler& pickler, Namespace& space,
                 PyObject* names) {
  PyObject* globals = space.globals.get();
  for (const Entry& entry : missing_globals(space, names, globals, true)) {
    // Looked up again: foreign code has run since.
    PyObject* value = read_entry(globals, entry.key);
    if (value == nullptr || is_atom(value)) continue;
    space.tokens.insert_or_assign(entry.key,
                                  state.token_of_entry(pickler, globals, entry.key));
  }
}

namespace {

// cppickle._namespaces.update (GET dict, {name: value}, {name: token}) REDUCE POP
void write_shared_globals(Script& script, const Namespace& space,
                          const std::vector<Entry>& entries) {
  const Names& names = script.pickler().names();
  write_global(script, names.namespaces_module, names.update);
  begin_tuple(script, 3);
  script.get(space.memo_key.get());
  new_dict(script, entries);
  script.op(Opcode::EMPTY_DICT);
  for (const Entry& entry : entries) {
    auto token = space.tokens.find(entry.key);
    if (token == space.tokens.end()) continue;
    script.key(entry.key).key(token->second.get()).op(Opcode::SETITEM);
  }
  end_tuple(script, 3);
  script.op(Opcode::REDUCE).op(Opcode::POP);
}

}  // namespace

void write_globals(Script& script, const Namespace& space,
                   const std::vector<Entry>& entries) {
  StreamState& state = StreamState::of(script.pickler());
  if (space.is_shared) return write_shared_globals(script, space, entries);
  if (!state.writes_digest()) return set_entries(script, entries);
  PyObject* globals = space.globals.get();
  for (const Entry& entry : entries) {
    script.key(entry.key);
    if (state.writes_names_of_entries()) {
      script.op(Opcode::NONE).op(Opcode::SETITEM);
      continue;
    }
    PyObject* present = read_entry(globals, entry.key);
    // An override of _function_getstate may give other values than the dict has.
    if (present == entry.value && is_part_by_itself(state, present)) {
      state.write_entry_edge(script, globals, entry.key);
    } else {
      save_value(script, entry);
    }
    script.op(Opcode::SETITEM);
  }
}

void write_whole_namespace(Script& script, PyObject* globals, const Names& names,
                           const std::vector<Entry>& referenced) {
  std::vector<Entry> entries = base_entries(globals, names);
  entries.insert(entries.end(), referenced.begin(), referenced.end());
  new_dict(script, entries);
  write_builtins_entry(script, names);
}

}  // namespace cppickle::kinds
