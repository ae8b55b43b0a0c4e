// The keyword options of dumps(), dump() and Pickler, by their names in Python.
//
// An argument comes before the block of cppickle.options() that runs, that before what
// set_default() said, and that before what is built in.  None is as by default.
#ifndef CPPICKLE_MODULE_OPTIONS_H_
#define CPPICKLE_MODULE_OPTIONS_H_

#include "cpython/ref.h"
#include "module/state.h"

namespace cppickle::module {

DumpOptions options_in_block(const ModuleState& state);

// What holds where no argument says otherwise.
inline DumpOptions current_options(const ModuleState& state) {
  if (state.block_options == nullptr) [[likely]]
    return state.default_options;
  return options_in_block(state);
}

// Sets one of them; false when there is none of that name.  Throws ErrorSet with a
// ValueError that tells the values which are allowed.
bool set_option(DumpOptions& options, PyObject* name, PyObject* value);

// Sets those in a dict that split_options() made.
void set_options(DumpOptions& options, PyObject* chosen);

// Takes the options out of a dict of keyword arguments, of which it makes a copy: a
// dict of them, or an empty Ref when there are none.  Throws ErrorSet as set_option().
cpython::Ref split_options(cpython::Ref& keywords);

// For Python: see _core.pyi.
extern PyMethodDef option_functions[];

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_OPTIONS_H_
