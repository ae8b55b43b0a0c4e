// The state of an instance, as BUILD sets it, and past it.
//
// BUILD looks for __setstate__ on the instance first.  A class without one whose own
// __getattr__ or __getattribute__ wants attributes that are not there yet (it forwards
// to one of them, for example) would recurse there without end, or find something that
// is no __setstate__.  Where a class like that travels by value, its state is set as
// BUILD would set it without asking:
//
//   attributes := dict.update (object.__getattribute__ (GET object '__dict__') REDUCE
//                 dict) REDUCE POP
//   slots      := (object.__setattr__ (GET object name value) REDUCE POP)*
#ifndef CPPICKLE_PICKLING_INSTANCE_STATE_H_
#define CPPICKLE_PICKLING_INSTANCE_STATE_H_

#include "cpython/ref.h"

namespace cppickle::pickling {

class Pickler;
class Script;

// True for instances of such a class.  What it reads is what the class's version stands
// for, and whether the class travels by value.
bool goes_past_setstate(Pickler& pickler, PyObject* object);

// Before and after the dict of attributes of an object that is in the memo.
// REQUIRES: goes_past_setstate().
void begin_attributes(Script& script, PyObject* object);
void end_attributes(Script& script);

// The state of `object`, which is on the unpickler's stack; null for what the memo does
// not hold.
void write_instance_state(Pickler& pickler, Script& script, PyObject* object,
                          PyObject* state);

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_INSTANCE_STATE_H_
