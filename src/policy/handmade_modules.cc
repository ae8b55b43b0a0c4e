#include "policy/handmade_modules.h"

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "cpython/ref.h"

namespace cppickle::policy {

using cpython::Ref;

namespace {

// An attribute that is missing or None; modules have both from the start.
bool is_unset(PyObject* module, PyObject* attribute) {
  PyObject* value = cpython::read_module_entry(module, attribute);
  return value == nullptr || value == Py_None;
}

// The topmost package in a dotted name, or null.
Ref top_package(PyObject* name) {
  Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), 1);
  return dot < 0 ? Ref() : cpython::checked(PyUnicode_Substring(name, 0, dot));
}

}  // namespace

bool has_origin(PyObject* module, const cpython::Names& names) {
  return !is_unset(module, names.spec) || !is_unset(module, names.loader);
}

bool is_handmade_module(PyObject* module, PyObject* name, const cpython::Names& names) {
  // Of a class of its own it may find its attributes in its own way.
  if (!PyModule_CheckExact(module) || has_origin(module, names)) return false;
  // The main module is each process's own, and imported under that name.
  if (cpython::is_any_of(name, {names.main, names.mp_main})) return false;
  Ref package = top_package(name);
  if (!package) return true;
  PyObject* loaded = cpython::read_loaded_module(package.get());
  return loaded == nullptr || is_handmade_module(loaded, package.get(), names);
}

}  // namespace cppickle::policy
