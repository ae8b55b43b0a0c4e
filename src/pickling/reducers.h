// What the engine asks of the by-value reducers, and of nobody else: this edge of the
// layers is cut by injection.
#ifndef CPPICKLE_PICKLING_REDUCERS_H_
#define CPPICKLE_PICKLING_REDUCERS_H_

#include "cpython/ref.h"

namespace cppickle::pickling {

class Pickler;

// The by-value reducers with what they remember between dumps; lives and is cleared
// together with one memo.
// Thread safety: requires the GIL.
class Reducers {
 public:
  Reducers() = default;
  Reducers(const Reducers&) = delete;
  Reducers& operator=(const Reducers&) = delete;
  virtual ~Reducers();

  // Saves a function (exactly types.FunctionType) or a class (any metaclass), by
  // reference or by value.
  virtual void save_function(Pickler& pickler, PyObject* function) = 0;
  virtual void save_class(Pickler& pickler, PyObject* cls) = 0;
  // Saves a function, class or builtin function whole, without a frame; false when that
  // cannot be done, and nothing is written.
  virtual bool try_save_inline(Pickler& pickler, PyObject* object) = 0;
  // Saves an object that the table of known globals has (policy/known_globals.h).
  virtual bool save_known_global(Pickler& pickler, PyObject* object) = 0;
  // Saves an object of any other type, or answers false: the reduce protocol's turn.
  virtual bool save_other(Pickler& pickler, PyObject* object) = 0;
  // Saves an object for which the reduce protocol has no answer, or only a name that
  // leads nowhere (`has_name`).  Its error is set, and stays set when this answers
  // false.
  virtual bool save_refused(Pickler& pickler, PyObject* object, bool has_name) = 0;

  // True when a class travels by value.
  virtual bool travels_by_value(Pickler& pickler, PyObject* cls) = 0;
  // Saves an object whose reduce value is the name of a global that only this process
  // has, by value; false: by that name.  `is_found`: the name leads to the object.
  virtual bool save_named(Pickler& pickler, PyObject* object, PyObject* module,
                          PyObject* qualname, bool is_found) = 0;

  virtual void clear() = 0;
  virtual int traverse(visitproc visit, void* arg) const = 0;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_REDUCERS_H_
