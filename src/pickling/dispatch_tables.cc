// Registered reducers: those of the pickler's dispatch table, or else of copyreg.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/legacy_reducers.h"
#include "pickling/pickler.h"

namespace cppickle::pickling {

using cpython::checked;
using cpython::checked_lookup;
using cpython::Ref;

namespace {

// A metaclass may make classes unhashable; such a class is in no table.
bool is_hashable_class(PyTypeObject* type) {
  return Py_TYPE(type)->tp_hash == PyType_Type.tp_hash;
}

Ref without_legacy(Ref reducer) {
  return reducer && is_legacy_reducer(reducer.get()) ? Ref() : std::move(reducer);
}

Ref lookup_in_dict(PyObject* dict, PyTypeObject* type) {
  if (PyDict_GET_SIZE(dict) == 0) return Ref();
  auto key = reinterpret_cast<PyObject*>(type);
  return without_legacy(
      Ref::borrow(checked_lookup(PyDict_GetItemWithError(dict, key))));
}

Ref lookup_in_dicts(std::span<PyObject* const> dicts, PyTypeObject* type) {
  Ref found;
  if (!is_hashable_class(type)) return found;
  for (std::size_t i = 0; i < dicts.size() && !found; ++i)
    found = lookup_in_dict(dicts[i], type);
  return found;
}

}  // namespace

// Collects the dicts of exact ChainMaps of exact dicts; false when there are others, or
// too many.
bool Pickler::add_tables(PyObject* table, int deepest) {
  if (PyDict_CheckExact(table)) {
    if (table_count_ == tables_.size()) return false;
    tables_[table_count_++] = table;
    return true;
  }
  bool chained = Py_TYPE(table) == reinterpret_cast<PyTypeObject*>(imported_.chain_map);
  if (!chained || deepest == 0) return false;
  Ref maps = checked(PyObject_GetAttr(table, names().maps));
  if (!PyList_CheckExact(maps.get())) return false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(maps.get()); ++i) {
    if (!add_tables(PyList_GET_ITEM(maps.get(), i), deepest - 1)) return false;
  }
  return true;
}

bool Pickler::has_flat_tables() {
  constexpr int kDeepestTable = 4;
  table_count_ = 0;
  return add_tables(dispatch_table(), kDeepestTable);
}

// As long as no foreign code has run, the table consists of the same dicts.
bool Pickler::has_plain_tables() {
  if (!tables_are_known_ || !memo_.borrows_keys()) {
    tables_are_plain_ =
        has_flat_tables() &&
        std::all_of(tables_.begin(), tables_.begin() + table_count_,
                    [this](PyObject* table) { return plans_.has_plain_keys(table); });
    tables_are_known_ = memo_.borrows_keys();
  }
  return tables_are_plain_;
}

// Looks the type up without running foreign code; false when that cannot be done.
bool Pickler::find_plain_reducer(PyTypeObject* type, Ref& found) {
  cpython::note_read(cpython::Read::kReducer, cpython::as_object(type));
  if (!has_plain_tables()) return false;
  found = lookup_in_dicts({tables_.data(), table_count_}, type);
  return true;
}

// A key may run foreign code when it is compared, so the tables are held.
Ref Pickler::look_up_in_flat_tables(PyTypeObject* type) {
  cpython::note_read(cpython::Read::kReducer, cpython::as_object(type));
  auto tables = tables_;
  std::array<Ref, kMostTables> held;
  std::size_t count = table_count_;
  for (std::size_t i = 0; i < count; ++i) held[i] = Ref::borrow(tables[i]);
  return lookup_in_dicts({tables.data(), count}, type);
}

bool Pickler::may_have_reducer(PyTypeObject* type) {
  Ref found;
  return !find_plain_reducer(type, found) || found;
}

// As long as no foreign code has run, no table can have changed; and a dict tells.
Ref Pickler::registered_reducer(PyTypeObject* type) {
  if (type == unregistered_ && memo_.borrows_keys()) return Ref();
  PyObject* table = dispatch_table();
  std::uint64_t version = PyDict_CheckExact(table) ? cpython::dict_version(table) : 0;
  if (version != 0 && plan_for(type).unregistered_in == version) {
    cpython::note_read(cpython::Read::kReducer, cpython::as_object(type));
    return Ref();
  }
  Ref reducer = look_up_reducer(type);
  if (!reducer) {
    unregistered_ = type;
    // What other keys answer when they are compared may change.
    if (version != 0 && tables_are_plain_) plan_for(type).unregistered_in = version;
  }
  return reducer;
}

// The reducer that the pickler's dispatch table, or else copyreg, registers for the
// type, unless the engine knows better.
Ref Pickler::look_up_reducer(PyTypeObject* type) {
  Ref found;
  // Without versions that would look at all keys for each object; where nothing is
  // borrowed they may as well be asked.
  bool looks_first = cpython::kDictsHaveVersions || memo_.borrows_keys();
  if (looks_first && find_plain_reducer(type, found)) return found;
  before_foreign_code();
  if (has_flat_tables()) return look_up_in_flat_tables(type);
  found =
      Ref::steal(PyObject_GetItem(dispatch_table(), reinterpret_cast<PyObject*>(type)));
  if (!found) {
    if (!PyErr_ExceptionMatches(PyExc_LookupError)) throw cpython::ErrorSet{};
    PyErr_Clear();
  }
  return without_legacy(std::move(found));
}

}  // namespace cppickle::pickling
