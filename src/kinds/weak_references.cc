#include "kinds/weak_references.h"

#include <cstddef>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using core::Opcode;
using cpython::checked;
using cpython::Ref;
using pickling::Label;
using pickling::Pickler;
using pickling::Script;
using stream::begin_tuple;
using stream::end_tuple;
using stream::save_call;
using stream::StreamState;

namespace {

PyObject* type_of(PyObject* object) {
  return cpython::as_object(cpython::read_type(object));
}

// make(referent [callback])
void save_weakly(Pickler& pickler, PyObject* weak, PyObject* make, PyObject* referent,
                 Label label) {
  PyObject* callback = cpython::weak_callback(weak);
  std::size_t count = callback != nullptr ? 2 : 1;
  Ref hold = Ref::borrow(callback);
  Script script(pickler);
  script.save(make);
  begin_tuple(script, count);
  script.save(referent, label, pickler.names().call_text);
  if (callback != nullptr)
    script.save(callback, Label::kAttribute, pickler.names().callback);
  end_tuple(script, count);
  script.op(Opcode::REDUCE).memoize(weak).start(weak);
}

// Something that nothing holds when the stream has been loaded.
Ref mortal(Pickler& pickler, bool callable) {
  if (!callable) return checked(PySet_New(nullptr));
  return checked(PyObject_CallOneArg(pickler.imported().functools_partial,
                                     pickler.imported().builtin_getattr));
}

}  // namespace

bool save_weak_reference(StreamState&, Pickler& pickler, PyObject* weak) {
  pickler.before_foreign_code();
  Ref referent = cpython::weakly_referenced(weak);
  if (!referent) referent = mortal(pickler, false);
  save_weakly(pickler, weak, type_of(weak), referent.get(), Label::kText);
  return true;
}

bool save_weak_proxy(StreamState& state, Pickler& pickler, PyObject* proxy) {
  pickler.before_foreign_code();
  Ref referent = cpython::weakly_referenced(proxy);
  if (!referent) {
    PyObject* callable = state.context().imported().callable_proxy_type;
    referent = mortal(pickler, type_of(proxy) == callable);
  }
  // It has the attributes of what it stands for: nothing to add to a path.
  save_weakly(pickler, proxy, pickler.imported().weak_proxy, referent.get(),
              Label::kNone);
  return true;
}

bool save_weak_method(StreamState&, Pickler& pickler, PyObject* weak) {
  pickler.before_foreign_code();
  Ref method = checked(PyObject_CallNoArgs(weak));
  if (method.get() == Py_None)
    pickler.fail(pickler.imported().pickling_error, "cannot pickle a dead WeakMethod");
  Script script(pickler);
  script.save(type_of(weak));
  begin_tuple(script, 1);
  script.save(method.get(), Label::kText, pickler.names().call_text);
  end_tuple(script, 1);
  script.op(Opcode::REDUCE).memoize(weak).start(weak);
  return true;
}

bool save_weak_set(StreamState&, Pickler& pickler, PyObject* set) {
  pickler.before_foreign_code();
  Ref items = checked(PySequence_List(set));
  Script script(pickler);
  script.save(type_of(set));
  begin_tuple(script, 1);
  script.save(items.get(), Label::kListed);
  end_tuple(script, 1);
  script.op(Opcode::REDUCE).memoize(set).start(set);
  return true;
}

bool save_as_dict(StreamState&, Pickler& pickler, PyObject* dict) {
  pickler.before_foreign_code();
  Ref items =
      checked(PyObject_CallOneArg(reinterpret_cast<PyObject*>(&PyDict_Type), dict));
  save_call(pickler, dict, type_of(dict), {items.get()});
  return true;
}

}  // namespace cppickle::kinds
