#include "kinds/type_aliases.h"

#include <unordered_set>
#include <utility>
#include <vector>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::Names;
using cpython::read_attribute;
using cpython::read_items;
using cpython::read_type;
using cpython::Ref;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::end_tuple;
using stream::new_dict;
using stream::set_entries;
using stream::StreamState;
using stream::with_keywords;

namespace {

struct Alias {
  PyObject* object;
  Ref name;
  Ref value;
  Ref type_params;  // a tuple; empty for most
};

Alias alias_of(PyObject* object, const Names& names) {
  return {object, read_attribute(object, names.attr_name),
          read_attribute(object, names.alias_value),
          read_attribute(object, names.type_params)};
}

bool is_generic(const Alias& alias) {
  return PyTuple_Check(alias.type_params.get()) &&
         !read_items(alias.type_params.get()).empty();
}

// True when the alias is met in its own value, as far as other aliases and the
// arguments of typing's forms show.  Runs foreign code.
bool refers_to_itself(const Alias& alias, const Names& names) {
  std::unordered_set<PyObject*> seen;
  std::vector<Ref> waiting;
  waiting.push_back(Ref::borrow(alias.value.get()));
  std::vector<Ref> kept;
  while (!waiting.empty()) {
    Ref next = std::move(waiting.back());
    waiting.pop_back();
    if (next.get() == alias.object) return true;
    if (PyType_Check(next.get()) || !seen.insert(next.get()).second) continue;
    if (PyTuple_CheckExact(next.get()) || PyList_CheckExact(next.get())) {
      for (PyObject* item : read_items(next.get()))
        waiting.push_back(Ref::borrow(item));
    } else {
      std::vector<PyObject*> attributes = {names.attr_args, names.origin};
      if (read_type(next.get()) == read_type(alias.object))
        attributes.push_back(names.alias_value);
      for (PyObject* name : attributes) {
        if (Ref part = cpython::read_attribute_or_none(next.get(), name))
          waiting.push_back(std::move(part));
      }
    }
    // Held, so that nothing new gets an address that has been seen.
    kept.push_back(std::move(next));
  }
  return false;
}

void save_recursive(Pickler& pickler, const Alias& alias) {
  const cpython::Imported& imported = pickler.imported();
  const Names& names = imported.names;
  Ref module = cpython::read_attribute_or_none(alias.object, names.attr_module);
  Ref statement = checked(
      PyUnicode_FromFormat("type %U = %U", alias.name.get(), names.alias_value));
  Ref space = checked(cpython::new_object());
  Script script(pickler);
  script.save(imported.builtin_exec);
  begin_tuple(script, 2);
  script.key(statement.get());
  new_dict(script, {});
  script.memoize(space.get());
  set_entries(script, {{names.attr_name, module ? module.get() : Py_None}});
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).op(Opcode::POP);
  script.save(imported.dict_setdefault);
  begin_tuple(script, 2);
  script.get(space.get()).key(alias.name.get());
  end_tuple(script, 2);
  script.op(Opcode::REDUCE).memoize(alias.object).get(space.get());
  set_entries(script,
              {{names.alias_value, alias.value.get(), pickling::Label::kAttribute}});
  script.op(Opcode::POP).start(alias.object);
}

// The statement of a generic alias would make other parameters than those in the value.
[[noreturn]] void refuse(Pickler& pickler, const Alias& alias) {
  pickler.fail(pickler.imported().pickling_error,
               "cannot pickle %R by value: the alias refers to itself", alias.object);
}

// Its value has to be there when it is made, so that it cannot be in progress already.
void save_whole(Pickler& pickler, const Alias& alias) {
  for (const pickling::Frame& frame : pickler.stack().frames()) {
    if (frame.object == alias.object) refuse(pickler, alias);
  }
  const cpython::Imported& imported = pickler.imported();
  Ref keywords = checked(PyDict_New());
  if (is_generic(alias)) {
    cpython::checked_status(PyDict_SetItem(
        keywords.get(), imported.names.type_params_name, alias.type_params.get()));
  }
  Ref make = with_keywords(imported, cpython::as_object(read_type(alias.object)),
                           keywords.get());
  pickler.save_as_call(alias.object, make.get(),
                       checked(PyTuple_Pack(2, alias.name.get(), alias.value.get())));
}

}  // namespace

bool save_type_alias(StreamState& state, Pickler& pickler, PyObject* object) {
  if (state.save_under_own_name(pickler, object, pickler.names().attr_name))
    return true;
  pickler.before_foreign_code();
  Alias alias = alias_of(object, pickler.names());
  if (!refers_to_itself(alias, pickler.names())) {
    save_whole(pickler, alias);
  } else if (pickler.memoizing() && !is_generic(alias)) {
    save_recursive(pickler, alias);
  } else {
    refuse(pickler, alias);
  }
  return true;
}

}  // namespace cppickle::kinds
