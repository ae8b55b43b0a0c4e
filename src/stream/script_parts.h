// Parts that the scripts of several by-value reducers have in common.
#ifndef CPPICKLE_STREAM_SCRIPT_PARTS_H_
#define CPPICKLE_STREAM_SCRIPT_PARTS_H_

#include <initializer_list>
#include <vector>

#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "pickling/pickler.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"

namespace cppickle::stream {

// A key and a value of a dict in the stream; both borrowed.
struct Entry {
  PyObject* key;
  PyObject* value;
  pickling::Label label = pickling::Label::kAttribute;
  bool is_data = false;  // what the user's code works on
};

// True for values that refer to nothing and run no code when loaded: they may stand
// before their owner.
bool is_atom(PyObject* object);

// Around the items of a tuple of `size`: a MARK where there is no shorter opcode.
void begin_tuple(pickling::Script& script, std::size_t size);
void end_tuple(pickling::Script& script, std::size_t size);

// Saves the value of an entry.
void save_value(pickling::Script& script, const Entry& entry);
// Sets entries of the dict on the stack's top.
void set_entries(pickling::Script& script, const std::vector<Entry>& entries);
// A new dict of the entries, which is not memoized.
void new_dict(pickling::Script& script, const std::vector<Entry>& entries);
// The state (dict or None, slots) or dict alone, and BUILD; nothing when there is
// nothing to set.
void build_state(pickling::Script& script, PyObject* dict,
                 const std::vector<Entry>& slots);

// The reader's global of that name, whatever it is there: nothing gets into the memo as
// a key.
void write_global(pickling::Script& script, PyObject* module, PyObject* name);

// Bytes that nothing else in the stream refers to.
void write_bytes(pickling::Script& script, PyObject* bytes);
void write_bytes(pickling::Script& script, std::string_view content);

// Sets __builtins__ of the globals dict on the stack's top to the reader's.
// FunctionType finds the builtins without it, but imports from C code (PyImport_Import)
// look for the entry.
void write_builtins_entry(pickling::Script& script, const cpython::Names& names);

// Pushes callable(*arguments), which is not memoized.
void write_call(pickling::Script& script, PyObject* callable,
                std::initializer_list<PyObject*> arguments);
// The same, memoized as `object`, as a script of its own.
void save_call(pickling::Pickler& pickler, PyObject* object, PyObject* callable,
               std::initializer_list<PyObject*> arguments);

// functools.partial(callable, **keywords); the callable itself where there are none.
cpython::Ref with_keywords(const cpython::Imported& imported, PyObject* callable,
                           PyObject* keywords);

}  // namespace cppickle::stream

#endif  // CPPICKLE_STREAM_SCRIPT_PARTS_H_
