#include "pickling/pickler.h"

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "pickling/error_report.h"
#include "pickling/memo.h"

namespace cppickle::pickling {

using cpython::Ref;

void Pickler::dump(PyObject* root) {
  try {
    plans_.trim();
    memo_.set_strings(Memo::Strings::kOfData);  // a dump that failed may have left it
    emitter_.start();
    save(root);
    run();
    emitter_.finish();
  } catch (const core::TooLarge& error) {
    memo_.own_keys();
    PyErr_Format(PyExc_OverflowError, "cannot pickle a %s this large with protocol %d",
                 error.what, protocol());
    error_is_ours_ = true;
    add_path_to_error(stack_, root, hooks_.root_name, error_is_ours_, imported_);
    throw cpython::ErrorSet{};
  } catch (const cpython::ErrorSet&) {
    // The path is made of reprs, which are foreign code.
    memo_.own_keys();
    if (!error_is_ours_ && PyErr_ExceptionMatches(PyExc_RecursionError))
      explain_recursion();
    add_path_to_error(stack_, root, hooks_.root_name, error_is_ours_, imported_);
    throw;
  } catch (const std::bad_alloc&) {
    // To own the keys may need memory, for those that are not in the table yet.
    if (memo_.borrows_keys()) memo_.clear();  // its keys were never referenced
    throw;
  }
}

void Pickler::expand(PyObject* root) {
  save(root);
  run();
}

// The error of foreign code becomes one that is a PicklingError too.
void Pickler::explain_recursion() {
  Ref cause = cpython::take_raised();
  PyErr_SetString(imported_.deep_recursion_error,
                  "Could not pickle object as excessively deep recursion required.");
  Ref error = cpython::take_raised();
  PyException_SetContext(error.get(), Py_NewRef(cause.get()));
  PyException_SetCause(error.get(), cause.release());
  cpython::set_raised(std::move(error));
  error_is_ours_ = true;
}

// What was known of types may have changed since.
void Pickler::borrow_keys() {
  memo_.borrow_keys();
  unregistered_ = nullptr;
  plain_types_.clear();
  tables_are_known_ = false;
}

void Pickler::run() {
  while (!stack_.empty()) {
    Frame& frame = stack_.top();
    memo_.set_strings(frame.strings);
    switch (frame.kind) {
      case Frame::Kind::kList:
        step_list(frame);
        break;
      case Frame::Kind::kTuple:
        step_tuple(frame);
        break;
      case Frame::Kind::kDict:
        step_dict(frame);
        break;
      case Frame::Kind::kSet:
        step_set(frame);
        break;
      case Frame::Kind::kFrozenset:
        step_frozenset(frame);
        break;
      case Frame::Kind::kItems:
        step_items(frame);
        break;
      case Frame::Kind::kPairs:
        step_pairs(frame);
        break;
      case Frame::Kind::kState:
        step_state();
        break;
      case Frame::Kind::kScript:
        step_script(frame);
        break;
    }
  }
}

void Pickler::save_now(PyObject* object) {
  constexpr unsigned long kContainers =
      Py_TPFLAGS_LIST_SUBCLASS | Py_TPFLAGS_TUPLE_SUBCLASS | Py_TPFLAGS_DICT_SUBCLASS;
  bool container = PyType_HasFeature(Py_TYPE(object), kContainers);
  if (container || !save_leaf(object)) save_compound(object);
}

// A large string goes straight to the file, whose write() may do anything.
bool Pickler::is_written_through(PyObject* object) const {
  return hooks_.foreign_sink && PyUnicode_CheckExact(object) &&
         static_cast<std::size_t>(PyUnicode_GET_LENGTH(object)) >=
             core::kFrameSizeTarget / 4;
}

bool Pickler::is_short_bytes(PyObject* object) const {
  return PyBytes_CheckExact(object) && PyBytes_GET_SIZE(object) <= 0xff &&
         protocol() >= 3;
}

bool Pickler::save_flat(PyObject* object) {
  if (is_written_through(object)) return false;
  if (save_leaf(object)) return true;
  if (!is_short_bytes(object)) return false;
  if (!get(object)) save_bytes(object);
  return true;
}

// The way for when a frame is due or persistent ids are asked for: both may run foreign
// code, which may drop the container's reference to `object`.
void Pickler::save_slow(PyObject* object) {
  Ref hold = Ref::borrow(object);
  if (emitter_.frame_is_due()) emitter_.commit_frame();
  if (hooks_.persistent_id == nullptr || !save_persistent(object)) save_now(object);
}

void Pickler::save_compound(PyObject* object) {
  // An object with one reference, its container's, cannot have been met before.
  if (!(memo_.borrows_keys() && cpython::is_sole_reference(object)) && get(object))
    return;
  PyTypeObject* type = Py_TYPE(object);
  if (PlainType* plain = plain_types_.find(type);
      plain != nullptr && memo_.borrows_keys()) {
    if (save_known_instance(object, *plain)) return;
  }
  if (type == &PyTuple_Type) return save_tuple(object);
  if (type == &PyDict_Type) return save_dict(object);
  if (type == &PyList_Type) return save_list(object);
  if (type == &PyBytes_Type) return save_bytes(object);
  if (type == &PySet_Type) return save_set(object);
  if (type == &PyFrozenSet_Type) return save_frozenset(object);
  if (type == &PyByteArray_Type) return save_bytearray(object);
  save_object(object);
}

// True for errors by which objects say that they cannot be pickled.
bool Pickler::is_refusal() const {
  return PyErr_ExceptionMatches(PyExc_TypeError) ||
         PyErr_ExceptionMatches(imported_.pickling_error);
}

// To be called in a handler: writes what refused in another way, or throws again.
void Pickler::save_refused(PyObject* object, bool has_answered) {
  if (!is_refusal() || !reducers_.save_refused(*this, object, has_answered)) throw;
  error_is_ours_ = false;
}

// Saves what `ask` answers; of what refuses nothing has been written.
template <typename Ask>
void Pickler::save_reduction(PyObject* object, Ask ask) {
  Ref value;
  try {
    value = ask();
    if (PyUnicode_Check(value.get())) return save_global(object, value.get());
  } catch (const cpython::ErrorSet&) {
    return save_refused(object, static_cast<bool>(value));
  }
  save_foreign_value(object, value.get());
}

namespace {

bool is_callable_made_in_c(PyTypeObject* type) {
  return type == &PyCFunction_Type || type == &PyMethodDescr_Type ||
         type == &PyWrapperDescr_Type;
}

}  // namespace

void Pickler::save_by_state(PyObject* object) {
  Ref state;
  try {
    cpython::note_read(cpython::Read::kReduction, object);
    before_foreign_code();
    state = cpython::call_method(object, names().getstate);
    cpython::note_made(state.get());
  } catch (const cpython::ErrorSet&) {
    return save_refused(object, false);
  }
  save_foreign_state(object, state.get());
}

// True for an object whose __getstate__ alone is to be asked.  Answers that are kept
// are whole values.
bool Pickler::is_asked_for_state(PyObject* object) {
  const InstancePlan& plan = plan_for(Py_TYPE(object));
  return plan.asking == Asking::kState && plan.kind == NativeKind::kNone &&
         hooks_.answers == nullptr && asked_protocol() >= 2 && protocol() >= 2 &&
         !hides_reduce_ex(object);
}

// Everything that is no builtin data: the hooks first, then by value, then the reduce
// protocol.
void Pickler::save_object(PyObject* object) {
  Ref hold = Ref::borrow(object);
  if (PyPickleBuffer_Check(object)) return save_buffer(object);
  if (hooks_.reducer_override != nullptr) [[unlikely]] {
    if (Ref value = overriding_reduction(object))
      return save_foreign_value(object, value.get());
  }
  PyTypeObject* type = cpython::read_type(object);
  if (type == &PyType_Type) return reducers_.save_class(*this, object);
  if (type == &PyFunction_Type) return reducers_.save_function(*this, object);
  // What our own streams call is nobody else's, wherever in a stream it stands.
  if (is_callable_made_in_c(type) && reducers_.save_known_global(*this, object)) return;
  // The order is the standard pickler's: exact functions and classes never come to the
  // table.
  if (Ref reducer = registered_reducer(type)) {
    if (save_registered(object, reducer.get())) return;
    return save_reduction(object,
                          [&] { return registered_reduction(reducer.get(), object); });
  }
  if (PyType_Check(object)) return reducers_.save_class(*this, object);
  if (reducers_.save_other(*this, object) || save_instance(object, plan_for(type)))
    return;
  if (is_asked_for_state(object)) return save_by_state(object);
  save_reduction(object, [&] { return find_reduction(object); });
}

}  // namespace cppickle::pickling
