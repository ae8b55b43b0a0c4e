#include "kinds/library_objects.h"

#include <utility>
#include <vector>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using cpython::as_object;
using cpython::checked;
using cpython::read_attribute;
using cpython::read_type;
using cpython::Ref;
using pickling::Pickler;
using stream::StreamState;

bool save_struct(StreamState&, Pickler& pickler, PyObject* object) {
  pickler.before_foreign_code();
  Ref format = read_attribute(object, pickler.names().format);
  stream::save_call(pickler, object, as_object(read_type(object)), {format.get()});
  return true;
}

bool save_field_factory(StreamState&, Pickler& pickler, PyObject* factory) {
  pickler.before_foreign_code();
  Ref callable = read_attribute(factory, pickler.names().factory);
  stream::save_call(pickler, factory, as_object(read_type(factory)), {callable.get()});
  return true;
}

bool save_field_constraints(StreamState&, Pickler& pickler, PyObject* constraints) {
  pickler.before_foreign_code();
  cpython::note_read(cpython::Read::kContent, constraints);
  Ref keywords = checked(PyDict_New());
  for (const char* name :
       {"gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length",
        "tz", "title", "description", "examples", "extra_json_schema", "extra"}) {
    Ref value = cpython::own_attribute(constraints, name);
    if (!value || value.get() == Py_None) continue;
    cpython::checked_status(PyDict_SetItemString(keywords.get(), name, value.get()));
  }
  cpython::note_made(keywords.get());
  Ref make = stream::with_keywords(pickler.imported(),
                                   as_object(read_type(constraints)), keywords.get());
  stream::save_call(pickler, constraints, make.get(), {});
  return true;
}

// It shows neither function nor object, but for the garbage collector.
bool save_comparison_key(StreamState&, Pickler& pickler, PyObject* key) {
  pickler.before_foreign_code();
  std::vector<Ref> parts = cpython::read_referents(key);
  if (parts.empty() || parts.size() > 2) return false;
  PyObject* make = pickler.imported().cmp_to_key;
  if (parts.size() == 1) {
    stream::save_call(pickler, key, make, {parts[0].get()});
    return true;
  }
  Ref bare = checked(PyObject_CallOneArg(make, parts[0].get()));
  cpython::note_made(bare.get());
  stream::save_call(pickler, key, bare.get(), {parts[1].get()});
  return true;
}

bool save_ufunc(StreamState&, Pickler& pickler, PyObject* ufunc) {
  pickler.before_foreign_code();
  const cpython::Names& names = pickler.names();
  // numpy's own refer to the identity at most, which is no function.
  std::vector<Ref> parts = cpython::read_referents(ufunc);
  if (parts.empty() || !PyCallable_Check(parts[0].get())) return false;
  Ref keywords = checked(PyDict_New());
  Ref identity = read_attribute(ufunc, names.identity);
  if (identity.get() != Py_None) {
    cpython::checked_status(
        PyDict_SetItem(keywords.get(), names.identity, identity.get()));
  }
  cpython::note_made(keywords.get());
  Ref frompyfunc = cpython::import_attribute("numpy", "frompyfunc");
  Ref make =
      stream::with_keywords(pickler.imported(), frompyfunc.get(), keywords.get());
  Ref nin = read_attribute(ufunc, names.nin), nout = read_attribute(ufunc, names.nout);
  stream::save_call(pickler, ufunc, make.get(),
                    {parts[0].get(), nin.get(), nout.get()});
  return true;
}

}  // namespace cppickle::kinds
