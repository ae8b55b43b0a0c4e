#include "stream/known_namespaces.h"

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/reads.h"

namespace cppickle::stream {

using cpython::Names;
using cpython::read_entry;

bool is_dynamic_namespace(PyObject* globals, const Names& names) {
  PyObject* name = read_entry(globals, names.attr_name);
  if (name == nullptr || !PyUnicode_CheckExact(name) ||
      read_entry(globals, names.spec) == nullptr)
    return false;
  return cpython::read_loaded_module(name) == nullptr;
}

namespace {

NamespaceFacts read_facts(PyObject* globals, const Names& names) {
  NamespaceFacts facts{base_names(names), is_dynamic_namespace(globals, names)};
  for (PyObject*& entry : facts.base) entry = read_entry(globals, entry);
  return facts;
}

}  // namespace

const NamespaceFacts& KnownNamespaces::of(PyObject* globals, const Names& names) {
  std::uint64_t version = cpython::dict_version(globals);
  std::uint64_t modules = cpython::dict_version(cpython::loaded_modules());
  // Builds that log reads make all of them.
  if (!cpython::kLogsReads && version != 0) {
    for (const Known& entry : entries_) {
      if (entry.version == version && entry.modules == modules) return entry.facts;
    }
  }
  Known& entry = entries_[next_++ % kFew];
  entry = {version, modules, read_facts(globals, names)};
  return entry.facts;
}

}  // namespace cppickle::stream
