#include "parts/struct_types.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/reads.h"

namespace cppickle::parts {

using cpython::as_object;
using cpython::checked;
using cpython::checked_status;
using cpython::Ref;

namespace {

// Fixed when the class is made: its version stands for it.
Ref fixed_attribute(PyObject* object, const char* name) {
  return cpython::own_attribute(object, name);
}

Ref empty_dict() { return checked(PyDict_New()); }

void set(PyObject* dict, const char* name, PyObject* value) {
  checked_status(PyDict_SetItemString(dict, name, value));
}

std::span<PyObject* const> items_of(const Ref& tuple) {
  if (!tuple || !PyTuple_Check(tuple.get())) return {};
  return cpython::own_items(tuple.get());
}

// What a class has under the names of its annotations, with whatever value; empty where
// it declares nothing.  From 3.14 on a function makes them, whose names may not be
// there yet: as texts they do no harm.
Ref declared_annotations(PyTypeObject* type, const cpython::Names& names) {
  Ref declared = Ref::borrow(cpython::read_class_entry(type, names.annotations));
  if (!declared && cpython::read_class_entry(type, names.annotate_func) != nullptr) {
    Ref get = cpython::import_attribute("annotationlib", "get_annotations");
    Ref formats = cpython::import_attribute("annotationlib", "Format");
    Ref keywords = empty_dict();
    set(keywords.get(), "format", fixed_attribute(formats.get(), "STRING").get());
    Ref arguments = checked(PyTuple_Pack(1, as_object(type)));
    declared = checked(PyObject_Call(get.get(), arguments.get(), keywords.get()));
  }
  if (declared && !PyDict_Check(declared.get())) declared.reset();
  return declared;
}

// The options of the class statement, its own and those that it inherits alike.
Ref options_of(PyObject* cls) {
  Ref options = empty_dict();
  Ref config = checked(fixed_attribute(cls, "__struct_config__").release());
  for (const char* name :
       {"array_like", "cache_hash", "dict", "eq", "forbid_unknown_fields", "frozen",
        "gc", "omit_defaults", "order", "repr_omit_defaults", "weakref"}) {
    if (Ref value = fixed_attribute(config.get(), name))
      set(options.get(), name, value.get());
  }
  Ref tag = fixed_attribute(config.get(), "tag");
  bool has_tag = tag && tag.get() != Py_None;
  // None would be what the bases have.
  set(options.get(), "tag", has_tag ? tag.get() : Py_False);
  if (has_tag)
    set(options.get(), "tag_field", fixed_attribute(config.get(), "tag_field").get());
  return options;
}

}  // namespace

bool is_struct_class(PyTypeObject* type) {
  PyTypeObject* metaclass =
      cpython::read_builtin_base(cpython::read_type(as_object(type)));
  return std::string_view(metaclass->tp_name) == "msgspec._core.StructMeta";
}

StructDefinition definition_of_struct(PyTypeObject* type, const cpython::Names& names) {
  PyObject* cls = as_object(type);
  cpython::read_class(type);
  Ref fields = fixed_attribute(cls, "__struct_fields__");
  Ref encoded = fixed_attribute(cls, "__struct_encode_fields__");
  Ref positional = fixed_attribute(cls, "__match_args__");
  Ref defaults = fixed_attribute(cls, "__struct_defaults__");
  Ref declared = declared_annotations(type, names);
  Ref no_default = cpython::import_attribute("msgspec", "NODEFAULT");
  StructDefinition definition{options_of(cls), empty_dict(), {}};
  Ref renamed = empty_dict();
  bool is_keyword_only = false;
  std::span<PyObject* const> all = items_of(fields), values = items_of(defaults);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!declared || cpython::own_entry(declared.get(), all[i]) == nullptr) continue;
    checked_status(PyDict_SetItem(definition.annotations.get(), all[i], Py_None));
    PyObject* other_name = items_of(encoded)[i];
    if (PyUnicode_Compare(all[i], other_name) != 0)
      checked_status(PyDict_SetItem(renamed.get(), all[i], other_name));
    is_keyword_only = is_keyword_only || checked_status(PySequence_Contains(
                                             positional.get(), all[i])) == 0;
    // Of the last fields; those without one among them have a mark.
    std::size_t first = all.size() - values.size();
    if (i >= first && values[i - first] != no_default.get()) {
      definition.defaults.push_back(
          {Ref::borrow(all[i]), Ref::borrow(values[i - first])});
    }
  }
  set(definition.keywords.get(), "kw_only", is_keyword_only ? Py_True : Py_False);
  if (cpython::own_size(renamed.get()) != 0)
    set(definition.keywords.get(), "rename", renamed.get());
  for (const Ref* made : {&definition.keywords, &definition.annotations, &renamed}) {
    if (*made) cpython::note_made(made->get());
  }
  return definition;
}

}  // namespace cppickle::parts
