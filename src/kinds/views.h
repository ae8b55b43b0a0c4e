// Views and weak references; text files.
#ifndef CPPICKLE_KINDS_VIEWS_H_
#define CPPICKLE_KINDS_VIEWS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

bool save_mapping_proxy(stream::StreamState& state, pickling::Pickler& pickler,
                        PyObject* proxy);
// Over a copy of the bytes, with the same format, shape and writability.
bool save_memory_view(stream::StreamState& state, pickling::Pickler& pickler,
                      PyObject* view);
// Of a dict that holds no more than the view shows.
bool save_dict_view(stream::StreamState& state, pickling::Pickler& pickler,
                    PyObject* view);

bool save_weak_reference(stream::StreamState& state, pickling::Pickler& pickler,
                         PyObject* weak);
bool save_weak_method(stream::StreamState& state, pickling::Pickler& pickler,
                      PyObject* weak);
bool save_weak_set(stream::StreamState& state, pickling::Pickler& pickler,
                   PyObject* set);
// Made anew of a dict of its entries: weak dictionaries, frozendict (3.15).
bool save_as_dict(stream::StreamState& state, pickling::Pickler& pickler,
                  PyObject* dict);

// A file open for reading becomes an io.StringIO of its content at the same position;
// sys.stdout and sys.stderr are the reader's.  Raises PicklingError for other files.
bool save_text_file(stream::StreamState& state, pickling::Pickler& pickler,
                    PyObject* file);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_VIEWS_H_
