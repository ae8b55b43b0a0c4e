// Views and weak references; text files.
#ifndef CPPICKLE_BY_VALUE_VIEWS_H_
#define CPPICKLE_BY_VALUE_VIEWS_H_

#include "by_value/stream_state.h"

namespace cppickle::by_value {

bool save_mapping_proxy(StreamState& reducers, pickling::Pickler& pickler, PyObject* proxy);
// Over a copy of the bytes, with the same format, shape and writability.
bool save_memory_view(StreamState& reducers, pickling::Pickler& pickler, PyObject* view);
// Of a dict that holds no more than the view shows.
bool save_dict_view(StreamState& reducers, pickling::Pickler& pickler, PyObject* view);

bool save_weak_reference(StreamState& reducers, pickling::Pickler& pickler, PyObject* weak);
bool save_weak_method(StreamState& reducers, pickling::Pickler& pickler, PyObject* weak);
bool save_weak_set(StreamState& reducers, pickling::Pickler& pickler, PyObject* set);
// Made anew of a dict of its entries: weak dictionaries, frozendict (3.15).
bool save_as_dict(StreamState& reducers, pickling::Pickler& pickler, PyObject* dict);

// A file open for reading becomes an io.StringIO of its content at the same position;
// sys.stdout and sys.stderr are the reader's.  Raises PicklingError for other files.
bool save_text_file(StreamState& reducers, pickling::Pickler& pickler, PyObject* file);

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_VIEWS_H_
