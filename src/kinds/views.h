// Views; text files.
#ifndef CPPICKLE_KINDS_VIEWS_H_
#define CPPICKLE_KINDS_VIEWS_H_

#include "pickling/pickler.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

bool save_mapping_proxy(stream::StreamState& state, pickling::Pickler& pickler,
                        PyObject* proxy);
// Over the object whose memory it is, where that is in the stream already or the view
// shows all of it; else over a copy of what it shows.  With the same format, shape and
// writability.
bool save_memory_view(stream::StreamState& state, pickling::Pickler& pickler,
                      PyObject* view);
// Of the dict itself, where that is in the stream, before or after the view, or the
// view shows all of it; else of one that holds no more than the view shows.
bool save_dict_view(stream::StreamState& state, pickling::Pickler& pickler,
                    PyObject* view);

// A file open for reading becomes an io.StringIO of its content at the same position;
// sys.stdout and sys.stderr are the reader's.  Raises PicklingError for other files.
bool save_text_file(stream::StreamState& state, pickling::Pickler& pickler,
                    PyObject* file);

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_VIEWS_H_
