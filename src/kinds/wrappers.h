// What wraps functions: staticmethod, classmethod, property, caches.
#ifndef CPPICKLE_KINDS_WRAPPERS_H_
#define CPPICKLE_KINDS_WRAPPERS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// classmethod, staticmethod and property; what derives from them is made without its
// own constructor, by theirs.
bool save_method_wrapper(stream::StreamState& state, pickling::Pickler& pickler,
                         PyObject* wrapper);
bool save_property(stream::StreamState& state, pickling::Pickler& pickler,
                   PyObject* property);
// super(class, object): to ask the object itself would reach a base's methods, and send
// a second one of what it is bound to.
bool save_super(stream::StreamState& state, pickling::Pickler& pickler,
                PyObject* object);
bool save_lru_cache(stream::StreamState& state, pickling::Pickler& pickler,
                    PyObject* cache);
bool save_partial_method(stream::StreamState& state, pickling::Pickler& pickler,
                         PyObject* partial);
bool save_cached_property(stream::StreamState& state, pickling::Pickler& pickler,
                          PyObject* property);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_WRAPPERS_H_
