// A reduce value, validated before anything of it is written.
#ifndef CPPICKLE_PICKLING_REDUCE_H_
#define CPPICKLE_PICKLING_REDUCE_H_

#include "cpython/ref.h"

namespace cppickle::pickling {

class Pickler;
class Script;

// The parts of a tuple as __reduce_ex__ returns it, borrowed from it; absent ones are
// null.
struct ReduceValue {
  enum class Form { kReduce, kNewObj, kNewObjEx };

  PyObject* callable;
  PyObject* arguments;  // a tuple
  PyObject* state;
  PyObject* items;         // an iterator
  PyObject* pairs;         // an iterator
  PyObject* state_setter;  // callable(object, state)
  Form form;

  // The parts of `value`, a tuple that reduces `object` (null: nothing to check its
  // class against). Raises pickle.PicklingError when a part is not what PEP 307 asks
  // for.
  static ReduceValue validated(Pickler& pickler, PyObject* object, PyObject* value);

  void write_construction(Pickler& pickler, Script& script) const;
  void write_state(Pickler& pickler, Script& script, PyObject* object) const;

 private:
  void recognise_newobj(Pickler& pickler, PyObject* object);
  void validate_newobj(Pickler& pickler, PyObject* object) const;
  void validate_newobj_ex(Pickler& pickler) const;
  void write_partial_new(Pickler& pickler, Script& script) const;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_REDUCE_H_
