// Weak references, proxies, and collections of them.
//
//   reference := class (referent [callback]) REDUCE
//   proxy     := weakref.proxy (referent [callback]) REDUCE
#ifndef CPPICKLE_KINDS_WEAK_REFERENCES_H_
#define CPPICKLE_KINDS_WEAK_REFERENCES_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// What they refer to stays alive there only if something else in the stream holds it,
// as here.  One that is dead here is dead there.
bool save_weak_reference(stream::StreamState& state, pickling::Pickler& pickler,
                         PyObject* weak);
// ProxyType and CallableProxyType: to ask the object itself would reach what it stands
// for, and send a second one of that.
bool save_weak_proxy(stream::StreamState& state, pickling::Pickler& pickler,
                     PyObject* proxy);
// Raises PicklingError for a dead one.
bool save_weak_method(stream::StreamState& state, pickling::Pickler& pickler,
                      PyObject* weak);
bool save_weak_set(stream::StreamState& state, pickling::Pickler& pickler,
                   PyObject* set);
// Made anew of a dict of its entries: weak dictionaries, frozendict (3.15).
bool save_as_dict(stream::StreamState& state, pickling::Pickler& pickler,
                  PyObject* dict);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_WEAK_REFERENCES_H_
