#include "module/options.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "cpython/error.h"

namespace cppickle::module {

using cpython::checked;
using cpython::checked_lookup;
using cpython::checked_status;
using cpython::guarded;
using cpython::Ref;
using stream::Options;

namespace {

struct Option {
  const char* name;
  std::array<const char*, 4> values;  // the first is built in; null: there are no more
  void (*set)(Options& options, std::uint8_t value);
};

template <auto member>
void set(Options& options, std::uint8_t value) {
  auto& field = options.*member;
  field = static_cast<std::remove_reference_t<decltype(field)>>(value);
}

// The one list: an option has a line here, a member of stream::Options whose values are
// numbered alike, and a line in the Options of _core.pyi.  What begins with "_" is for
// the integrations: nobody is told of it.
constexpr Option kOptions[] = {
    {"class_ids", {"content", "process"}, set<&Options::class_ids>},
    {"_namespaces", {"fresh", "shared"}, set<&Options::namespaces>},
};

bool is_public(const Option& option) { return option.name[0] != '_'; }

const Option* option_named(PyObject* name) {
  for (const Option& option : kOptions) {
    if (PyUnicode_CompareWithASCIIString(name, option.name) == 0) return &option;
  }
  return nullptr;
}

Ref values_of(const Option& option) {
  Ref values = checked(PyList_New(0));
  for (const char* text : option.values) {
    if (text == nullptr) break;
    Ref value = checked(PyUnicode_FromString(text));
    checked_status(PyList_Append(values.get(), value.get()));
  }
  return checked(PyList_AsTuple(values.get()));
}

Ref names_of_options() {
  Ref names = checked(PyUnicode_FromString(""));
  for (const Option& option : kOptions) {
    if (!is_public(option)) continue;
    const char* comma = &option == kOptions ? "" : ", ";
    names = checked(PyUnicode_FromFormat("%U%s%s", names.get(), comma, option.name));
  }
  return names;
}

}  // namespace

bool set_option(Options& options, PyObject* name, PyObject* value) {
  const Option* option = option_named(name);
  if (option == nullptr) return false;
  if (value == Py_None) return true;
  for (std::uint8_t i = 0; i < option->values.size(); ++i) {
    if (option->values[i] == nullptr || !PyUnicode_Check(value)) break;
    if (PyUnicode_CompareWithASCIIString(value, option->values[i]) != 0) continue;
    option->set(options, i);
    return true;
  }
  Ref allowed = values_of(*option);
  cpython::raise_format(PyExc_ValueError, "%s must be one of %R or None, not %R",
                        option->name, allowed.get(), value);
}

void set_options(Options& options, PyObject* chosen) {
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (PyDict_Next(chosen, &position, &name, &value))
    set_option(options, name, value);
}

Options options_in_block(const ModuleState& state) {
  Options options = state.default_options;
  PyObject* chosen = nullptr;
  checked_status(PyContextVar_Get(state.block_options, nullptr, &chosen));
  Ref held = Ref::steal(chosen);
  if (held && PyDict_Check(chosen)) set_options(options, chosen);
  return options;
}

Ref split_options(Ref& keywords) {
  Ref chosen;
  if (!keywords) return chosen;
  Options checked_alone;
  for (const Option& option : kOptions) {
    Ref name = checked(PyUnicode_InternFromString(option.name));
    Ref value = Ref::borrow(
        checked_lookup(PyDict_GetItemWithError(keywords.get(), name.get())));
    if (!value) continue;
    set_option(checked_alone, name.get(), value.get());
    if (!chosen) {
      chosen = checked(PyDict_New());
      keywords = checked(PyDict_Copy(keywords.get()));
    }
    checked_status(PyDict_DelItem(keywords.get(), name.get()));
    if (value.get() != Py_None)
      checked_status(PyDict_SetItem(chosen.get(), name.get(), value.get()));
  }
  return chosen;
}

// --- For Python -------------------------------------------------------------

namespace {

// Throws ErrorSet with a TypeError when there is more than options.
Ref only_options(PyObject* function, PyObject* given) {
  Ref keywords = Ref::borrow(given);
  Ref chosen = split_options(keywords);
  Py_ssize_t position = 0;
  PyObject *other, *value;
  if (PyDict_Next(keywords.get(), &position, &other, &value)) {
    cpython::raise_format(PyExc_TypeError,
                          "%U() got an unexpected keyword argument '%S' (the options "
                          "are: %U)",
                          function, other, names_of_options().get());
  }
  return chosen ? std::move(chosen) : checked(PyDict_New());
}

PyObject* checked_options(PyObject*, PyObject* args) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    PyObject *function, *given;
    if (!PyArg_ParseTuple(args, "UO!:_checked_options", &function, &PyDict_Type,
                          &given))
      throw cpython::ErrorSet{};
    return only_options(function, given).release();
  });
}

PyObject* set_default_options(PyObject* module, PyObject* args) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    PyObject *function, *given;
    if (!PyArg_ParseTuple(args, "UO!:_set_default_options", &function, &PyDict_Type,
                          &given))
      throw cpython::ErrorSet{};
    Ref chosen = only_options(function, given);
    Options options = state_of_module(module).default_options;
    for (const Option& option : kOptions) {
      Ref name = checked(PyUnicode_InternFromString(option.name));
      PyObject* value = checked_lookup(PyDict_GetItemWithError(given, name.get()));
      if (value == Py_None) option.set(options, 0);
    }
    set_options(options, chosen.get());
    state_of_module(module).default_options = options;
    return Py_NewRef(Py_None);
  });
}

// _options(): all of them, with their values.
PyObject* all_options(PyObject*, PyObject*) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    Ref all = checked(PyDict_New());
    for (const Option& option : kOptions) {
      if (!is_public(option)) continue;
      Ref values = values_of(option);
      checked_status(PyDict_SetItemString(all.get(), option.name, values.get()));
    }
    return all.release();
  });
}

PyObject* read_block_options(PyObject* module, PyObject* variable) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    if (!PyContextVar_CheckExact(variable))
      cpython::raise(PyExc_TypeError, "_read_block_options() needs a ContextVar");
    Py_XSETREF(state_of_module(module).block_options, Py_NewRef(variable));
    return Py_NewRef(Py_None);
  });
}

}  // namespace

PyMethodDef option_functions[] = {
    {"_options", all_options, METH_NOARGS,
     "_options($module, /)\n--\n\n"
     "The names of all options with the values that they may have, built in first."},
    {"_checked_options", checked_options, METH_VARARGS,
     "_checked_options($module, function, keywords, /)\n--\n\n"
     "The options among keyword arguments that are not None."},
    {"_set_default_options", set_default_options, METH_VARARGS,
     "_set_default_options($module, function, keywords, /)\n--\n\n"
     "Use these from now on where a dump says nothing else; None: what is built in."},
    {"_read_block_options", read_block_options, METH_O,
     "_read_block_options($module, variable, /)\n--\n\n"
     "Read the options of blocks from a ContextVar from now on: dicts by name."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace cppickle::module
