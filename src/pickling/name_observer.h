// What a dump takes from modules that the other side has to have.
#ifndef CPPICKLE_PICKLING_NAME_OBSERVER_H_
#define CPPICKLE_PICKLING_NAME_OBSERVER_H_

#include "cpython/error.h"
#include "cpython/ref.h"
#include "pickling/hooks.h"

namespace cppickle::pickling {

// Collects the names of the modules that a stream names, and the functions whose code
// is in it: the code may have import statements.  Runs no foreign code.
// Thread safety: requires the GIL.
class NameObserver {
 public:
  NameObserver()
      : modules_(cpython::checked(PySet_New(nullptr))),
        functions_(cpython::checked(PyList_New(0))) {}

  // `name`: a str.
  void note_module(PyObject* name) {
    // An object of a subclass of str may hash in its own way: its text is taken.
    cpython::Ref text = cpython::checked(PyUnicode_FromObject(name));
    cpython::checked_status(PySet_Add(modules_.get(), text.get()));
  }
  void note_function(PyObject* function) {
    cpython::checked_status(PyList_Append(functions_.get(), function));
  }

  PyObject* modules() const { return modules_.get(); }      // a set of str
  PyObject* functions() const { return functions_.get(); }  // a list

 private:
  cpython::Ref modules_;
  cpython::Ref functions_;
};

// To be called with the name of each module that a stream names.
inline void note_module(const Hooks& hooks, PyObject* name) {
  if (hooks.observer != nullptr) [[unlikely]]
    hooks.observer->note_module(name);
}

// To be called with each function whose code a stream has.
inline void note_function(const Hooks& hooks, PyObject* function) {
  if (hooks.observer != nullptr) [[unlikely]]
    hooks.observer->note_function(function);
}

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_NAME_OBSERVER_H_
