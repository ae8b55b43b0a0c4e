#include "kinds/classes.h"

#include <algorithm>
#include <span>
#include <string>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "identity/other_trackers.h"
#include "identity/tracker.h"
#include "kinds/ctypes_classes.h"
#include "kinds/metaclasses.h"
#include "kinds/placed_attributes.h"
#include "parts/class_parts.h"
#include "parts/ctypes_types.h"
#include "pickling/memo.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/by_value_context.h"
#include "stream/script_parts.h"
#include "stream/tracked_objects.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::Names;
using cpython::own_items;
using cpython::read_builtin_base;
using cpython::read_type;
using cpython::Ref;
using identity::hashes_by_identity;
using identity::Identity;
using parts::ClassName;
using parts::is_ctypes_class;
using parts::name_of_class;
using pickling::CodeScope;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_state;
using stream::begin_tracked;
using stream::begin_tuple;
using stream::end_first_state;
using stream::end_state;
using stream::end_tracked;
using stream::end_tracked_without_cloudpickle;
using stream::end_tuple;
using stream::Entry;
using stream::new_dict;
using stream::StreamState;
using stream::write_call;

namespace {

// The subclasses registered with an abstract base class, in the order of their names.
std::vector<Ref> registered_subclasses(Pickler& pickler, PyObject* cls) {
  const cpython::Imported& imported = pickler.imported();
  Ref dump = cpython::read_abc_dump(imported.abc_get_dump, cls);
  std::vector<std::pair<std::string, Ref>> named;
  Py_ssize_t position = 0;
  PyObject* weak;
  while (PyTuple_Check(dump.get()) &&
         cpython::set_next(own_items(dump.get())[0], &position, &weak)) {
    Ref subclass = cpython::weakly_referenced(weak);
    if (!subclass || !PyType_Check(subclass.get())) continue;
    ClassName name =
        name_of_class(reinterpret_cast<PyTypeObject*>(subclass.get()), imported.names);
    Ref full = checked(
        PyUnicode_FromFormat("%V.%U", name.module.get(), "?", name.qualname.get()));
    named.emplace_back(cpython::utf8_view(full.get()), std::move(subclass));
  }
  std::ranges::sort(named, {}, &std::pair<std::string, Ref>::first);
  std::vector<Ref> subclasses;
  for (auto& entry : named) subclasses.push_back(std::move(entry.second));
  return subclasses;
}

void write_skeleton(Script& script, Pickler& pickler, PyTypeObject* type, PyObject* id,
                    const PlacedAttributes& attributes) {
  const Names& names = pickler.names();
  begin_tracked(script, id, attributes.qualname.get());
  write_class_maker(script, type, attributes.definition.keywords.get());
  script.save(attributes.name.get());
  std::span<PyObject* const> bases = cpython::read_bases(type);
  begin_tuple(script, bases.size());
  for (PyObject* base : bases) script.save(base, Label::kText, names.bases_text);
  end_tuple(script, bases.size());
  StreamState& state = StreamState::of(pickler);
  state.end_bases(script);
  if (state.writes_digest()) new_dict(script, attributes.shape);
  state.end_shape(script);
  new_dict(script, attributes.body);
  script.op(Opcode::TUPLE);
  auto cls = reinterpret_cast<PyObject*>(type);
  hashes_by_identity(cls) ? end_tracked(script, cls)
                          : end_tracked_without_cloudpickle(script, cls);
}

void write_attributes(Script& script, Pickler& pickler, PyObject* cls,
                      const Identity& identity, const PlacedAttributes& attributes) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  auto write_state = [&](const std::vector<Entry>& entries, PyObject* key) {
    begin_state(script, identity, entries, key, cls, attributes.qualname.get());
    save_metaclass(script, type, read_builtin_base(read_type(cls)));
  };
  Ref functions;  // the memo's key for their dict
  if (!attributes.functions.empty()) {
    functions = checked(cpython::new_object());
    write_state(attributes.functions, functions.get());
    end_first_state(script);
  }
  write_state(attributes.rest, nullptr);
  end_state(script, functions.get());
  if (!is_abstract_base(type, pickler.names())) return;
  for (const Ref& subclass : registered_subclasses(pickler, cls)) {
    write_call(script, pickler.imported().abc_register, {cls, subclass.get()});
    script.op(Opcode::POP);
  }
}

[[noreturn]] void refuse(Pickler& pickler, PyObject* cls) {
  ClassName name = name_of_class(reinterpret_cast<PyTypeObject*>(cls), pickler.names());
  pickler.fail(pickler.imported().pickling_error,
               "Can't pickle %R: it is implemented in C and not found as %V.%U, so "
               "that it can be sent neither by "
               "reference nor by value",
               cls, name.module.get(), "?", name.qualname.get());
}

// SQLAlchemy keeps what it knows of a class in registries of the process, which the
// class refers to: tables, mappers, listeners, weak references to all other classes.
void require_unmapped(Pickler& pickler, PyTypeObject* type) {
  const cpython::Names& names = pickler.names();
  if (cpython::read_type_lookup(type, names.sa_class_manager) == nullptr &&
      cpython::read_type_lookup(type, names.sa_registry) == nullptr)
    return;
  pickler.fail(
      pickler.imported().pickling_error,
      "Can't pickle %R by value: SQLAlchemy keeps its mapping in registries of "
      "this process. Define it in a module that the other process imports, or "
      "send the values of its columns",
      cpython::as_object(type));
}

}  // namespace

void save_class_by_value(StreamState& state, Pickler& pickler, PyObject* cls) {
  CodeScope code(pickler.memo());
  state.scan_new_modules();
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  if (is_ctypes_class(type) && save_made_ctypes_class(pickler, cls)) return;
  if (!cpython::is_python_class(cpython::read_class(type))) refuse(pickler, cls);
  require_unmapped(pickler, type);
  // Before anything of the class is read: this runs foreign code, which may change it.
  Identity identity = state.identify(pickler, cls);
  // Cells of its methods may hold its namespace; they are written with its attributes.
  state.note_class(cls);
  PlacedAttributes attributes = placed_attributes(state, pickler, cls);
  Script script(pickler);
  write_skeleton(script, pickler, type, identity.id.get(), attributes);
  write_attributes(script, pickler, cls, identity, attributes);
  script.start(cls);
}

}  // namespace cppickle::kinds
