// Methods: bound ones, those of builtin types among them, and their descriptors.
//
//   method := builtins.getattr (self name) REDUCE
//           | types.MethodType (function self) REDUCE
//           | builtins.getattr (descriptor '__get__') REDUCE (self) REDUCE
//           | module name STACK_GLOBAL
//
// The first is the standard pickler's, and right where the name leads to the method:
// not for one that super() gave, or that an attribute of the instance hides.  The last
// is for methods of an instance that an importable module has made.
#ifndef CPPICKLE_KINDS_METHODS_H_
#define CPPICKLE_KINDS_METHODS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

bool save_method(stream::StreamState& state, pickling::Pickler& pickler,
                 PyObject* method);
// A function of an importable module, or a method of a builtin type.
bool save_builtin_function(stream::StreamState& state, pickling::Pickler& pickler,
                           PyObject* function);
// A method of a builtin type that stands for a slot: [].__len__.
bool save_slot_method(stream::StreamState& state, pickling::Pickler& pickler,
                      PyObject* method);

// As getattr(type, name): getset descriptors have no reduce value of their own.
bool save_getset_descriptor(stream::StreamState& state, pickling::Pickler& pickler,
                            PyObject* descriptor);
// A method of classes of a builtin type, as in dict.__dict__['fromkeys']: that item.
bool save_class_method_descriptor(stream::StreamState& state,
                                  pickling::Pickler& pickler, PyObject* descriptor);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_METHODS_H_
