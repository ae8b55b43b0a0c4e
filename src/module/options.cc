#include "module/options.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "cpython/error.h"
#include "cpython/imported.h"

namespace cppickle::module {

using cpython::checked;
using cpython::checked_lookup;
using cpython::checked_status;
using cpython::guarded;
using cpython::Ref;

namespace {

struct Option {
  const char* name;
  // The first is built in; null: there are no more.  No words at all: an object, which
  // `set_object` takes.
  std::array<const char*, 4> values;
  void (*set)(DumpOptions& options, std::uint8_t value);
  void (*set_object)(DumpOptions& options, Ref object) = nullptr;
};

template <auto member>
void set(DumpOptions& options, std::uint8_t value) {
  auto& field = options.*member;
  field = static_cast<std::remove_reference_t<decltype(field)>>(value);
}

// What is built in: nothing.
void set_nothing(DumpOptions& options, std::uint8_t) { options.ship.reset(); }

void set_ship(DumpOptions& options, Ref selection) {
  options.ship = std::move(selection);
}

// The one list: an option has a line here, a member of stream::Options whose values are
// numbered alike, and a line in the Options of _core.pyi.  What begins with "_" is for
// the integrations: nobody is told of it.
//
// "False" and "True" are the truth values.
constexpr Option kOptions[] = {
    {"class_ids", {"content", "process"}, set<&DumpOptions::class_ids>},
    {"ship", {}, set_nothing, set_ship},
    {"warn_local", {"False", "True"}, set<&DumpOptions::warn_local>},
    {"_namespaces", {"fresh", "shared"}, set<&DumpOptions::namespaces>},
};

bool is_public(const Option& option) { return option.name[0] != '_'; }

const Option* option_named(PyObject* name) {
  for (const Option& option : kOptions) {
    if (PyUnicode_CompareWithASCIIString(name, option.name) == 0) return &option;
  }
  return nullptr;
}

// What a word of the list stands for.
Ref value_of(const char* word) {
  std::string_view text(word);
  if (text == "False" || text == "True")
    return Ref::borrow(text == "True" ? Py_True : Py_False);
  return checked(PyUnicode_FromString(word));
}

bool is_value(PyObject* value, const char* word) {
  if (PyBool_Check(value)) return value_of(word).get() == value;
  return PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, word) == 0 &&
         PyUnicode_Check(value_of(word).get());
}

Ref values_of(const Option& option) {
  Ref values = checked(PyList_New(0));
  for (const char* text : option.values) {
    if (text == nullptr) break;
    Ref value = value_of(text);
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

namespace {

// What is kept of a value: for `ship` the Selection that it stands for.  Throws
// ErrorSet with a TypeError or ValueError.
Ref kept_value(const Option& option, PyObject* value) {
  if (option.set_object == nullptr || value == Py_None) return Ref::borrow(value);
  Ref selection = cpython::import_attribute("cppickle._shipping", "selection");
  return checked(PyObject_CallOneArg(selection.get(), value));
}

}  // namespace

bool set_option(DumpOptions& options, PyObject* name, PyObject* value) {
  const Option* option = option_named(name);
  if (option == nullptr) return false;
  if (value == Py_None) return true;
  if (option->set_object != nullptr) {
    option->set_object(options, kept_value(*option, value));
    return true;
  }
  for (std::uint8_t i = 0; i < option->values.size(); ++i) {
    if (option->values[i] == nullptr) break;
    if (!is_value(value, option->values[i])) continue;
    option->set(options, i);
    return true;
  }
  Ref allowed = values_of(*option);
  cpython::raise_format(PyExc_ValueError, "%s must be one of %R or None, not %R",
                        option->name, allowed.get(), value);
}

void set_options(DumpOptions& options, PyObject* chosen) {
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (PyDict_Next(chosen, &position, &name, &value))
    set_option(options, name, value);
}

DumpOptions options_in_block(const ModuleState& state) {
  DumpOptions options = state.default_options;
  PyObject* chosen = nullptr;
  checked_status(PyContextVar_Get(state.block_options, nullptr, &chosen));
  Ref held = Ref::steal(chosen);
  if (held && PyDict_Check(chosen)) set_options(options, chosen);
  return options;
}

Ref split_options(Ref& keywords) {
  Ref chosen;
  if (!keywords) return chosen;
  DumpOptions checked_alone;
  for (const Option& option : kOptions) {
    Ref name = checked(PyUnicode_InternFromString(option.name));
    Ref value = Ref::borrow(
        checked_lookup(PyDict_GetItemWithError(keywords.get(), name.get())));
    if (!value) continue;
    value = kept_value(option, value.get());
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
    DumpOptions options = state_of_module(module).default_options;
    for (const Option& option : kOptions) {
      Ref name = checked(PyUnicode_InternFromString(option.name));
      PyObject* value = checked_lookup(PyDict_GetItemWithError(given, name.get()));
      if (value == Py_None) option.set(options, 0);
    }
    set_options(options, chosen.get());
    // What it held is let go of at the end: that may run foreign code.
    std::swap(state_of_module(module).default_options, options);
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
