#include "kinds/typing_objects.h"

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "identity/tracker.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"
#include "stream/tracked_objects.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::as_object;
using cpython::checked;
using cpython::Names;
using cpython::read_attribute;
using cpython::read_attribute_or_none;
using cpython::read_type;
using cpython::Ref;
using identity::Identity;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tracked;
using stream::build_state;
using stream::end_tracked;
using stream::StreamState;
using stream::with_keywords;

namespace {

// What makes the object again, and so its identity too.
struct Recipe {
  Ref name;
  Ref module;     // empty: not to be set
  Ref arguments;  // a tuple
  Ref keywords;   // a dict
};

struct Property {
  PyObject* Names::* attribute;
  PyObject* Names::* keyword;
};

constexpr Property kProperties[] = {
    {&Names::attr_bound, &Names::bound},
    {&Names::attr_covariant, &Names::covariant},
    {&Names::attr_contravariant, &Names::contravariant},
    {&Names::attr_infer_variance, &Names::infer_variance},
};

bool has_default(PyObject* variable, const Names& names) {
  Ref method = read_attribute_or_none(variable, names.has_default);
  Ref answer = method ? checked(PyObject_CallNoArgs(method.get())) : Ref();
  return answer.get() == Py_True;
}

Recipe variable_recipe(PyObject* variable, const Names& names) {
  Recipe recipe;
  recipe.name = read_attribute(variable, names.attr_name);
  recipe.module = read_attribute_or_none(variable, names.attr_module);
  recipe.arguments = checked(PyTuple_Pack(1, recipe.name.get()));
  recipe.keywords = checked(PyDict_New());
  if (Ref constraints = read_attribute_or_none(variable, names.constraints)) {
    recipe.arguments =
        checked(PySequence_Concat(recipe.arguments.get(), constraints.get()));
  }
  for (const Property& property : kProperties) {
    Ref value = read_attribute_or_none(variable, names.*property.attribute);
    if (!value || value.get() == Py_None || value.get() == Py_False) continue;
    cpython::checked_status(
        PyDict_SetItem(recipe.keywords.get(), names.*property.keyword, value.get()));
  }
  if (has_default(variable, names)) {
    Ref value = read_attribute(variable, names.attr_default);
    cpython::checked_status(
        PyDict_SetItem(recipe.keywords.get(), names.default_name, value.get()));
  }
  return recipe;
}

Ref maker_of(Pickler& pickler, PyObject* object, const Recipe& recipe) {
  return with_keywords(pickler.imported(), as_object(read_type(object)),
                       recipe.keywords.get());
}

void save_by_recipe(StreamState& state, Pickler& pickler, PyObject* object,
                    Recipe recipe) {
  if (state.save_as_edge(pickler, object)) return;
  Identity identity = state.identify(pickler, object);
  Ref make = maker_of(pickler, object, recipe);
  Script script(pickler);
  begin_tracked(script, identity.id.get(), recipe.name.get());
  script.save(make.get()).save(recipe.arguments.get());
  end_tracked(script, object);
  // The constructor takes the name of whoever calls pickle.loads.
  if (recipe.module)
    build_state(script, nullptr, {{pickler.names().attr_module, recipe.module.get()}});
  script.start(object);
}

}  // namespace

bool save_type_variable(StreamState& state, Pickler& pickler, PyObject* variable) {
  if (state.save_under_own_name(pickler, variable, pickler.names().attr_name))
    return true;
  save_by_recipe(state, pickler, variable, variable_recipe(variable, pickler.names()));
  return true;
}

bool save_new_type(StreamState& state, Pickler& pickler, PyObject* new_type) {
  if (state.save_under_own_name(pickler, new_type, pickler.names().qualname))
    return true;
  if (pickler.protocol() < 2) return false;
  Script script(pickler);
  script.save(as_object(read_type(new_type)))
      .op(Opcode::EMPTY_TUPLE)
      .op(Opcode::NEWOBJ);
  script.memoize(new_type);
  script.save(cpython::read_instance_dict(new_type).get(), Label::kState)
      .op(Opcode::BUILD)
      .start(new_type);
  return true;
}

}  // namespace cppickle::kinds
