#include "kinds/functions.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "bytecode/code_info.h"
#include "core/opcode.h"
#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "kinds/code_objects.h"
#include "kinds/function_state.h"
#include "kinds/modules.h"
#include "kinds/namespaces.h"
#include "pickling/inline_scope.h"
#include "pickling/memo.h"
#include "pickling/name_observer.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "policy/overrides.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using bytecode::CodeInfo;
using core::Opcode;
using cpython::checked;
using cpython::Names;
using cpython::own_items;
using cpython::read_cell;
using cpython::read_code;
using cpython::read_entry;
using cpython::read_field;
using cpython::read_items;
using cpython::read_size;
using cpython::Ref;
using pickling::CodeScope;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using policy::Overridable;
using stream::begin_tuple;
using stream::build_state;
using stream::end_tuple;
using stream::Entry;
using stream::is_atom;
using stream::Namespace;
using stream::new_dict;
using stream::StreamState;
using stream::write_call;

namespace {

// --- Cells ------------------------------------------------------------------

// dataclass(slots=True) makes a class anew; functions that make annotations still refer
// to the namespace of the first.
bool is_namespace_of_orphaned_class(PyObject* value, PyObject* variable) {
  return variable != nullptr && PyDict_CheckExact(value) &&
         PyUnicode_CompareWithASCIIString(variable, "__classdict__") == 0;
}

// A copy without what belongs to the class itself.
Ref names_of_namespace(PyObject* dict) {
  Ref copy = checked(PyDict_New());
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (cpython::read_next(dict, &position, &name, &value)) {
    bool plain = PyUnicode_CheckExact(name) && (is_atom(value) || PyType_Check(value));
    if (plain) cpython::checked_status(PyDict_SetItem(copy.get(), name, value));
  }
  cpython::note_made(copy.get());
  return copy;
}

// The state of the cell on the stack's top; `variable` names it in errors, null for a
// cell by itself.
void write_cell_state(Script& script, PyObject* value, PyObject* variable,
                      const Names& names) {
  begin_tuple(script, 2);
  script.op(Opcode::NONE);
  new_dict(script, {});
  script.save(names.cell_contents);
  if (PyObject* cls = StreamState::of(script.pickler()).class_with_namespace(value)) {
    // __classdict__: there the namespace of the class as it is rebuilt, read-only.
    write_call(script, script.pickler().imported().builtin_getattr,
               {cls, names.attr_dict});
  } else if (is_namespace_of_orphaned_class(value, variable)) {
    script.save(names_of_namespace(value).get());
  } else {
    script.data(value, variable != nullptr ? Label::kFreeVariable : Label::kAttribute,
                variable != nullptr ? variable : names.cell_contents);
  }
  script.op(Opcode::SETITEM);
  end_tuple(script, 2);
  script.op(Opcode::BUILD);
}

PyObject* overridden_cell_maker(Pickler& pickler) {
  return StreamState::of(pickler).context().overrides().of(Overridable::kMakeEmptyCell);
}

// An atom goes into the constructor; what may refer back to the function is set when
// that is in the memo.
void write_cell_shell(Script& script, PyObject* cell) {
  Pickler& pickler = script.pickler();
  PyObject* value = read_cell(cell);
  PyObject* maker = overridden_cell_maker(pickler);
  bool inside =
      value != nullptr && maker == nullptr && (is_atom(value) || !pickler.memoizing());
  script.save(maker != nullptr ? maker : reinterpret_cast<PyObject*>(&PyCell_Type));
  begin_tuple(script, inside ? 1 : 0);
  if (inside) script.data(value, Label::kText, pickler.names().cell_contents_text);
  end_tuple(script, inside ? 1 : 0);
  script.op(Opcode::REDUCE).memoize(cell);
}

bool is_filled_later(Pickler& pickler, PyObject* cell) {
  PyObject* value = read_cell(cell);
  return pickler.memoizing() && value != nullptr &&
         (!is_atom(value) || overridden_cell_maker(pickler) != nullptr);
}

// A function's free variables whose cells its script makes, and those of them that are
// filled afterwards.
std::vector<Entry> new_cells(Pickler& pickler, PyObject* closure, PyObject* variables) {
  std::vector<Entry> cells;
  std::span<PyObject* const> names = own_items(variables);
  std::span<PyObject* const> all = read_items(closure);
  for (std::size_t i = 0; i < all.size(); ++i) {
    PyObject* cell = all[i];
    bool repeated = false;
    for (const Entry& earlier : cells) repeated = repeated || earlier.value == cell;
    // Who brought a cell that is in the memo fills it, too.
    if (!repeated && is_filled_later(pickler, cell) && !pickler.is_memoized(cell)) {
      cells.push_back({i < names.size() ? names[i] : nullptr, cell});
    }
  }
  return cells;
}

void write_closure(Script& script, PyObject* closure) {
  std::span<PyObject* const> cells = read_items(closure);
  begin_tuple(script, cells.size());
  for (PyObject* cell : cells) script.get_or_write(cell, write_cell_shell, cell);
  end_tuple(script, cells.size());
}

// --- Attributes -------------------------------------------------------------

bool all_atoms(PyObject* tuple) {
  return std::ranges::all_of(read_items(tuple), is_atom);
}

// The modules among a function's globals and free variables.
std::vector<Ref> modules_around(const FunctionState& function_state) {
  std::vector<Ref> modules;
  auto add = [&](PyObject* value) {
    if (value != nullptr && PyModule_Check(value))
      modules.push_back(Ref::borrow(value));
  };
  for (PyObject* name : own_items(function_state.global_names()))
    add(read_entry(function_state.globals(), name));
  for (PyObject* cell : function_state.cells()) add(read_cell(cell));
  return modules;
}

// True for what Script::save() writes inline.
bool value_fits_inline(StreamState& state, Pickler& pickler, PyObject* value) {
  return pickler.is_short_leaf(value) || pickler.is_memoized(value) ||
         state.context().known_global(value).module != nullptr;
}

bool values_fit_inline(StreamState& state, Pickler& pickler,
                       const std::vector<Entry>& entries) {
  return std::ranges::all_of(entries, [&](const Entry& entry) {
    return value_fits_inline(state, pickler, entry.value);
  });
}

// What is written for a function, read once.  Borrows from the function as long as
// `function_state` does.
struct FunctionParts {
  // `answer`: overridden_state() of the function.
  FunctionParts(StreamState& state, Pickler& pickler, PyObject* object, Ref answer);

  PyObject* function;
  FunctionState function_state;
  Ref code;  // owns `info`
  PyObject* name;
  PyObject* defaults;  // a tuple, or null
  const CodeInfo& info;
  Namespace& space;
  bool memoizing;
  bool has_name;         // another than its code's
  bool defaults_inside;  // of the constructor's arguments
  std::vector<Entry> globals;
  std::vector<Entry> cells;  // made here, and filled when the function is in the memo
  std::vector<Entry> slots;
};

FunctionParts::FunctionParts(StreamState& state, Pickler& pickler, PyObject* object,
                             Ref answer)
    : function(object),
      function_state(state, object, std::move(answer)),
      code(Ref::borrow(read_code(read_field<&PyFunctionObject::func_code>(object)))),
      name(read_field<&PyFunctionObject::func_name>(object)),
      defaults(read_field<&PyFunctionObject::func_defaults>(object)),
      info(state.context().code_info(code.get())),
      space(state.namespace_of(read_field<&PyFunctionObject::func_globals>(object))),
      memoizing(pickler.memoizing()) {
  globals = missing_globals(space, function_state.global_names(),
                            function_state.globals(), memoizing);
  if (PyObject* closure = function_state.closure()) {
    cells = new_cells(pickler, closure, cpython::code_free_variables(code.get()).get());
  }
  has_name = !same_text(name, reinterpret_cast<PyCodeObject*>(code.get())->co_name);
  bool has_defaults = defaults != nullptr;
  defaults_inside = has_defaults && (all_atoms(defaults) || !memoizing);
  slots = function_state.slots(pickler.names(), has_defaults && !defaults_inside);
}

// True when all of it is written without a frame of the work stack.
bool fits_inline(StreamState& state, Pickler& pickler, const FunctionParts& parts) {
  PyObject* attributes = parts.function_state.attributes();
  // A long blob may be what the frame of the format ends with.
  if (!parts.info.has_blob() ||
      parts.info.blob().size() >= Pickler::kLongestFragment / 2 ||
      (attributes != nullptr && read_size(attributes) != 0) ||
      (parts.defaults_inside && !pickler.is_inline_tuple(parts.defaults)))
    return false;
  for (PyObject* cell : parts.function_state.cells()) {
    PyObject* value = read_cell(cell);
    if (value != nullptr && !value_fits_inline(state, pickler, value)) return false;
  }
  bool new_space = !pickler.is_memoized(parts.space.memo_key.get());
  // The dynamic module has to be made first.
  if (new_space && parts.space.module) return false;
  return (!new_space || values_fit_inline(state, pickler,
                                          base_entries(parts.space.globals.get(),
                                                       pickler.names()))) &&
         values_fit_inline(state, pickler, parts.globals) &&
         values_fit_inline(state, pickler, parts.slots);
}

// `first_code`: what the function is made with, when it gets its own code afterwards;
// else null.
void write_function(StreamState& state, Pickler& pickler, FunctionParts& parts,
                    PyObject* first_code) {
  const Names& names = pickler.names();
  note_function(pickler.hooks(), parts.function);
  if (parts.memoizing) {
    // Before any value is written: a function among them may name the same globals.
    for (const Entry& entry : parts.globals) parts.space.note_sent(entry.key);
  }
  PyObject* closure = parts.function_state.closure();
  if (first_code != nullptr)
    parts.slots.push_back({names.attr_code, parts.code.get(), Label::kAttribute});
  Script script(pickler);
  script.save(reinterpret_cast<PyObject*>(&PyFunction_Type));
  std::size_t size = closure != nullptr      ? 5
                     : parts.defaults_inside ? 4
                     : parts.has_name        ? 3
                                             : 2;
  begin_tuple(script, size);
  write_code(script, first_code != nullptr ? first_code : parts.code.get());
  if (parts.memoizing) {
    write_namespace(script, parts.space);
  } else {
    write_whole_namespace(script, parts.space.globals.get(), names, parts.globals);
  }
  if (size > 2) script.save(parts.has_name ? parts.name : Py_None);
  if (size > 3)
    script.save(parts.defaults_inside ? parts.defaults : Py_None, Label::kText,
                names.defaults_text);
  if (size > 4) write_closure(script, closure);
  end_tuple(script, size);
  script.op(Opcode::REDUCE).memoize(parts.function);

  build_state(script, parts.function_state.attributes(), parts.slots);
  for (const Entry& cell : parts.cells) {
    script.get(cell.value);
    write_cell_state(script, read_cell(cell.value), cell.key, names);
    script.op(Opcode::POP);
  }
  if (parts.memoizing && !parts.globals.empty()) {
    script.get(parts.space.memo_key.get());
    write_globals(script, parts.space, parts.globals);
    script.op(Opcode::POP);
  }
  std::vector<Ref> modules = modules_around(parts.function_state);
  // An override of _is_registered_pickle_by_value may run.
  parts.function_state.end_borrowing();
  write_submodule_imports(state, script, modules,
                          parts.function_state.mentioned_names());
  script.start(parts.function);
}

}  // namespace

bool try_save_function_inline(StreamState& state, Pickler& pickler, PyObject* object) {
  // Tokens are found by foreign code, so nothing can be written yet.
  if (state.options().namespaces == stream::Namespaces::kShared ||
      !pickler.memoizing() || !pickler.memo().has_code())
    return false;
  FunctionParts parts(state, pickler, object, overridden_state(state, object));
  // Nothing has been written yet: the caller can still make a step of it.
  if (!fits_inline(state, pickler, parts)) return false;
  Pickler::InlineScope inline_scope(pickler);
  CodeScope scope(pickler.memo());
  write_function(state, pickler, parts, nullptr);
  return true;
}

void save_function_by_value(StreamState& state, Pickler& pickler, PyObject* object) {
  CodeScope scope(pickler.memo());
  // Before anything is borrowed: tokens are found, and code objects are made, by what
  // may run foreign code.
  Ref code = Ref::borrow(read_code(read_field<&PyFunctionObject::func_code>(object)));
  Ref first_code = code_to_begin_with(state, pickler, code.get());
  Namespace& space =
      state.namespace_of(read_field<&PyFunctionObject::func_globals>(object));
  Ref answer = overridden_state(state, object);
  if (space.is_shared && pickler.memoizing()) {
    // Those of annotations too, and what an override names.
    FunctionState named(state, object, Ref::borrow(answer.get()));
    Ref names = Ref::borrow(named.global_names());
    named.end_borrowing();
    find_tokens(state, pickler, space, names.get());
  }
  FunctionParts parts(state, pickler, object, std::move(answer));
  if (parts.code.get() != code.get()) {
    parts.function_state.end_borrowing();
    pickler.fail(PyExc_RuntimeError,
                 "the code of %R has been replaced while it was being pickled", object);
  }
  write_function(state, pickler, parts, first_code.get());
}

bool save_cell(StreamState&, Pickler& pickler, PyObject* cell) {
  pickler.before_foreign_code();
  Script script(pickler);
  script.get_or_write(cell, write_cell_shell, cell);
  if (is_filled_later(pickler, cell)) {
    write_cell_state(script, read_cell(cell), nullptr, pickler.names());
  }
  script.start(cell);
  return true;
}

}  // namespace cppickle::kinds
