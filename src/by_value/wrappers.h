// Builtin functions; what wraps functions: staticmethod, classmethod, property, caches.
#ifndef CPPICKLE_BY_VALUE_WRAPPERS_H_
#define CPPICKLE_BY_VALUE_WRAPPERS_H_

#include "by_value/stream_state.h"

namespace cppickle::by_value {

// A function of an importable module; false for others and for methods.
bool save_builtin_function(StreamState& reducers, pickling::Pickler& pickler,
                           PyObject* function);

// As getattr(type, name): getset descriptors have no reduce value of their own.
bool save_getset_descriptor(StreamState& reducers, pickling::Pickler& pickler,
                            PyObject* descriptor);

// classmethod, staticmethod and property; what derives from them is made past its own
// constructor, by theirs.
bool save_method_wrapper(StreamState& reducers, pickling::Pickler& pickler,
                         PyObject* wrapper);
bool save_property(StreamState& reducers, pickling::Pickler& pickler, PyObject* property);
bool save_lru_cache(StreamState& reducers, pickling::Pickler& pickler, PyObject* cache);
bool save_partial_method(StreamState& reducers, pickling::Pickler& pickler,
                         PyObject* partial);
bool save_cached_property(StreamState& reducers, pickling::Pickler& pickler,
                          PyObject* property);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_WRAPPERS_H_
