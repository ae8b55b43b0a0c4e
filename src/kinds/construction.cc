#include "kinds/construction.h"

#include <span>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "stream/script_parts.h"

namespace cppickle::kinds {

using cpython::checked;
using cpython::own_items;
using cpython::Ref;
using pickling::Pickler;
using pickling::Script;

Construction construction_of(Pickler& pickler, PyObject* object) {
  PyTypeObject* base = cpython::read_builtin_base(cpython::read_type(object));
  PyObject* base_object = cpython::as_object(base);
  Construction result;
  result.make = cpython::read_attribute(base_object, pickler.names().attr_new);
  Ref head = checked(PyTuple_Pack(1, Py_TYPE(object)));
  Ref rest = Ref::borrow(pickler.imported().empty_tuple);
  if (Ref getnewargs =
          cpython::read_attribute_or_none(base_object, pickler.names().getnewargs)) {
    rest = checked(PyObject_CallOneArg(getnewargs.get(), object));
  } else if (base != &PyBaseObject_Type) {
    Ref reduce = cpython::read_attribute(base_object, pickler.names().reduce);
    Ref value = checked(PyObject_CallOneArg(reduce.get(), object));
    bool usual = PyTuple_Check(value.get()) && own_items(value.get()).size() >= 2;
    if (!usual) {
      pickler.fail(pickler.imported().pickling_error,
                   "cannot pickle objects of %R by value", Py_TYPE(object));
    }
    rest = Ref::borrow(own_items(value.get())[1]);
  }
  result.arguments = checked(PySequence_Concat(head.get(), rest.get()));
  return result;
}

void write_arguments(Script& script, const Construction& construction) {
  std::span<PyObject* const> arguments = own_items(construction.arguments.get());
  stream::begin_tuple(script, arguments.size());
  for (PyObject* argument : arguments) script.save(argument);
  stream::end_tuple(script, arguments.size());
}

}  // namespace cppickle::kinds
