// What is set of a function when it has been made: attributes, slots, globals.
#ifndef CPPICKLE_KINDS_FUNCTION_STATE_H_
#define CPPICKLE_KINDS_FUNCTION_STATE_H_

#include <span>
#include <vector>

#include "cpython/borrow_scope.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "stream/script_parts.h"
#include "stream/stream_state.h"

namespace cppickle::kinds {

// True for equal strings, and for one object.
bool same_text(PyObject* left, PyObject* right);

// The slots of a function that its constructor does not set to what they are; with
// `defaults_differ` its defaults among them.
std::vector<stream::Entry> differing_slots(PyObject* function,
                                           const cpython::Names& names,
                                           bool defaults_differ);

// What an overridden _function_getstate answers for a function; null without one.
cpython::Ref overridden_state(stream::StreamState& state, PyObject* function);

// A function's state: as it is, or as an overridden _function_getstate answers it.
// Borrows from the function.
// REQUIRES: no foreign code between its construction and end_borrowing().
class FunctionState {
 public:
  // `answer`: overridden_state() of the function.
  FunctionState(stream::StreamState& state, PyObject* function, cpython::Ref answer);

  // What has been asked of it is not used any more.
  void end_borrowing() { borrowing_.end(); }

  PyObject* attributes() const { return attributes_; }  // a dict, or null
  PyObject* closure() const { return closure_; }        // a tuple of cells, or null
  std::span<PyObject* const> cells() const;             // in it
  // Tuples of interned names: the globals that are sent, and all that code and
  // annotations mention; and the dict with the values of the first.
  PyObject* global_names() const { return global_names_.get(); }
  PyObject* mentioned_names() const { return mentioned_names_.get(); }
  PyObject* globals() const { return globals_; }
  std::vector<stream::Entry> slots(const cpython::Names& names,
                                   bool defaults_differ) const;

 private:
  void read_answer(PyObject* answer);
  void add_names_of_annotations(stream::StreamState& state);

  PyObject* function_;
  cpython::Borrowing borrowing_;
  PyObject* attributes_;
  PyObject* closure_;
  PyObject* globals_;
  cpython::Ref global_names_;
  cpython::Ref mentioned_names_;
  PyObject* overridden_slots_ = nullptr;  // a dict
  cpython::Ref answer_;                   // owns what the override answered
};

}  // namespace cppickle::kinds

#endif  // CPPICKLE_KINDS_FUNCTION_STATE_H_
