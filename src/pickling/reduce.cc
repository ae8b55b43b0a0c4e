// The reduce protocol: __reduce_ex__ and copyreg, and what their values mean (PEP 307,
// PEP 574).
#include "pickling/reduce.h"

#include <optional>
#include <utility>

#include "core/opcode.h"
#include "cpython/attributes.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "pickling/foreign_answers.h"
#include "pickling/instance_state.h"
#include "pickling/pickler.h"
#include "pickling/runaway.h"
#include "pickling/script.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::checked;
using cpython::Ref;

// What foreign code answers, or has answered in this dump.
template <typename Ask>
Ref Pickler::answer(PyObject* object, ForeignAnswers::Question question, Ask ask) {
  before_foreign_code();
  if (hooks_.answers == nullptr) return ask();
  if (!hooks_.answers->empty()) {
    if (Ref known = hooks_.answers->find(object, question)) return known;
  }
  Ref answer = ask();
  return hooks_.keeps_answers
             ? hooks_.answers->keep(object, question, std::move(answer))
             : std::move(answer);
}

// What reducer_override answers, or an empty Ref when it leaves the object to us.
Ref Pickler::overriding_reduction(PyObject* object) {
  if (hooks_.reducer_override == nullptr) return Ref();
  Ref value = answer(object, ForeignAnswers::Question::kReducerOverride, [&] {
    return checked(PyObject_CallOneArg(hooks_.reducer_override, object));
  });
  return value.get() == Py_NotImplemented ? Ref() : std::move(value);
}

Ref Pickler::persistent_id_of(PyObject* object) {
  return answer(object, ForeignAnswers::Question::kPersistentId, [&] {
    return checked(PyObject_CallOneArg(hooks_.persistent_id, object));
  });
}

Ref Pickler::registered_reduction(PyObject* reducer, PyObject* object) {
  Ref value = answer(object, ForeignAnswers::Question::kReduceValue,
                     [&] { return checked(PyObject_CallOneArg(reducer, object)); });
  plans_.learn_reduction(object, value.get(), reducer);
  return value;
}

bool Pickler::hides_reduce_ex(PyObject* object) const {
  return Py_TYPE(object)->tp_dictoffset != 0 &&
         cpython::has_attribute(object, names().reduce_ex);
}

// Asks anew, whatever has been answered: who calls this compares.
Ref Pickler::reduce_value_of(PyObject* object) {
  before_foreign_code();
  if (hooks_.reducer_override != nullptr) {
    Ref value = checked(PyObject_CallOneArg(hooks_.reducer_override, object));
    if (value.get() != Py_NotImplemented) return value;
  }
  if (PyFunction_Check(object) || Py_TYPE(object) == &PyType_Type) return Ref();
  if (Ref reducer = registered_reducer(Py_TYPE(object)))
    return checked(PyObject_CallOneArg(reducer.get(), object));
  return PyType_Check(object) ? Ref() : ask_for_reduction(object);
}

// What the object itself answers.
Ref Pickler::find_reduction(PyObject* object) {
  cpython::note_read(cpython::Read::kReduction, object);
  if (PyObject* known = plans_.known_reduction(object)) return Ref::borrow(known);
  Ref value = answer(object, ForeignAnswers::Question::kReduceValue,
                     [&] { return ask_for_reduction(object); });
  // set.__reduce__ lists the items in the order of iteration.
  if (PyAnySet_Check(object)) order_reduced_set(value.get());
  cpython::note_made(value.get());
  plans_.note_reduction(object, value.get());
  plans_.learn_reduction(object, value.get(), nullptr);
  return value;
}

Ref Pickler::ask_for_reduction(PyObject* object) {
  Asking asking = plan_for(Py_TYPE(object)).asking;
  if (asking == Asking::kReduce && !hides_reduce_ex(object))
    return cpython::call_method(object, names().reduce);
  if (asking == Asking::kReduceEx) {
    Ref version = checked(PyLong_FromLong(asked_protocol()));
    return cpython::call_method(object, names().reduce_ex, version.get());
  }
  if (Ref reduce_ex = cpython::lookup_attribute(object, names().reduce_ex)) {
    Ref version = checked(PyLong_FromLong(asked_protocol()));
    return checked(PyObject_CallOneArg(reduce_ex.get(), version.get()));
  }
  if (Ref reduce = cpython::lookup_attribute(object, names().reduce)) {
    return checked(PyObject_CallNoArgs(reduce.get()));
  }
  fail(imported_.pickling_error, "can't pickle '%.200s' object: %R",
       Py_TYPE(object)->tp_name, object);
}

void Pickler::save_foreign_value(PyObject* object, PyObject* value) {
  std::size_t depth = stack_.depth();
  save_reduce_value(object, value);
  note_foreign_value(depth);
}

// What object.__reduce_ex__ makes of a class and the state that was answered.
void Pickler::save_foreign_state(PyObject* object, PyObject* state) {
  std::size_t depth = stack_.depth();
  before_foreign_code();
  Script script(*this);
  script
      .save(cpython::as_object(Py_TYPE(object)), Label::kText, names().attr_class_text)
      .object_begins()
      .op(Opcode::EMPTY_TUPLE)
      .op(Opcode::NEWOBJ)
      .memoize_or_end(object);
  if (state != Py_None) write_instance_state(*this, script, object, state);
  script.start(object);
  note_foreign_value(depth);
}

// A value has been written, or pushed above `depth`.
void Pickler::note_foreign_value(std::size_t depth) {
  // Written whole: nothing is inside of it, so it takes no part in a recursion.
  if (stack_.depth() == depth) return;
  stack_.top().reduced = true;
  if (++reductions_ < reductions_checked_) return;
  before_foreign_code();
  if (is_runaway(*this, stack_)) {
    fail(imported_.deep_recursion_error,
         "Could not pickle object as excessively deep recursion required: %zu reduce "
         "values inside of each other, and each makes new objects",
         reductions_);
  }
  // At each doubling, so that all looks together take time linear in the depth.
  reductions_checked_ = 2 * reductions_;
}

// The path is cut to the place where the object is met again for the first time.
void Pickler::refuse_endless_reentry() {
  expansions_checked_ = 2 * expansions_;
  before_foreign_code();
  std::optional<std::size_t> again = find_endless_reentry(*this, stack_);
  if (!again) return;
  Ref object = Ref::borrow(stack_.frames()[*again].object);
  stack_.cut_to(*again);
  fail(imported_.deep_recursion_error,
       "Could not pickle object as excessively deep recursion required: a '%.200s' "
       "object is among the arguments that it is made from.  What refers back to it "
       "belongs into the state, the third item of its reduce value%s",
       Py_TYPE(object.get())->tp_name,
       protocol() < 2
           ? "; protocols before 2 have a list's or a dict's own items among "
             "the arguments"
           : "");
}

void Pickler::save_reduce_value(PyObject* object, PyObject* value) {
  before_foreign_code();
  if (PyUnicode_Check(value)) return save_global(object, value);
  if (!PyTuple_Check(value)) {
    fail(imported_.pickling_error, "__reduce__ must return a string or tuple, not %S",
         cpython::type_name(value).get());
  }
  ReduceValue parts = ReduceValue::validated(*this, object, value);
  cpython::note_made(parts.arguments);
  Script script(*this);
  parts.write_construction(*this, script);
  if (object != nullptr) script.memoize_or_end(object);
  if (parts.items != nullptr) script.items(parts.items);
  if (parts.pairs != nullptr) script.pairs(parts.pairs);
  parts.write_state(*this, script, object);
  script.start(object);
}

namespace {

void require_type(Pickler& pickler, bool good, const char* what, PyObject* found) {
  if (good) return;
  pickler.fail(pickler.imported().pickling_error, "%s, not %S", what,
               cpython::type_name(found).get());
}

}  // namespace

// Messages are those of Modules/_pickle.c.
ReduceValue ReduceValue::validated(Pickler& pickler, PyObject* object,
                                   PyObject* value) {
  PyObject* error = pickler.imported().pickling_error;
  Py_ssize_t size = PyTuple_GET_SIZE(value);
  if (size < 2 || size > 6) {
    pickler.fail(error,
                 "tuple returned by __reduce__ must contain 2 through 6 elements");
  }
  auto part = [&](Py_ssize_t i) -> PyObject* {
    PyObject* item = i < size ? PyTuple_GET_ITEM(value, i) : Py_None;
    return item == Py_None ? nullptr : item;
  };
  ReduceValue result{PyTuple_GET_ITEM(value, 0),
                     PyTuple_GET_ITEM(value, 1),
                     part(2),
                     part(3),
                     part(4),
                     part(5),
                     Form::kReduce};
  auto require = [&](bool good, const char* what, PyObject* found) {
    require_type(pickler, good, what, found);
  };
  require(PyCallable_Check(result.callable),
          "first item of the tuple returned by __reduce__ must be callable",
          result.callable);
  require(PyTuple_Check(result.arguments),
          "second item of the tuple returned by __reduce__ must be a tuple",
          result.arguments);
  require(result.items == nullptr || PyIter_Check(result.items),
          "fourth item of the tuple returned by __reduce__ must be an iterator",
          result.items);
  require(result.pairs == nullptr || PyIter_Check(result.pairs),
          "fifth item of the tuple returned by __reduce__ must be an iterator",
          result.pairs);
  require(result.state_setter == nullptr || PyCallable_Check(result.state_setter),
          "sixth item of the tuple returned by __reduce__ must be callable",
          result.state_setter);
  if (pickler.protocol() >= 2) result.recognise_newobj(pickler, object);
  return result;
}

// copyreg.__newobj__ and __newobj_ex__ are known by their names, as PEP 307 has it.
void ReduceValue::recognise_newobj(Pickler& pickler, PyObject* object) {
  if (PyType_Check(callable) && !cpython::may_be_called_newobj(callable)) return;
  Ref name = cpython::lookup_attribute(callable, pickler.names().attr_name);
  if (!name || !PyUnicode_Check(name.get())) return;
  if (PyUnicode_Compare(name.get(), pickler.names().newobj) == 0) {
    form = Form::kNewObj;
    validate_newobj(pickler, object);
  } else if (PyUnicode_Compare(name.get(), pickler.names().newobj_ex) == 0) {
    form = Form::kNewObjEx;
    validate_newobj_ex(pickler);
  }
}

void ReduceValue::validate_newobj(Pickler& pickler, PyObject* object) const {
  PyObject* error = pickler.imported().pickling_error;
  if (PyTuple_GET_SIZE(arguments) < 1)
    pickler.fail(error, "__newobj__ expected at least 1 argument, got 0");
  PyObject* cls = PyTuple_GET_ITEM(arguments, 0);
  require_type(pickler, PyType_Check(cls),
               "first argument to __newobj__() must be a class", cls);
  if (object == nullptr) return;
  Ref own_class = cpython::lookup_attribute(object, pickler.names().attr_class);
  PyObject* expected =
      own_class ? own_class.get() : reinterpret_cast<PyObject*>(Py_TYPE(object));
  if (expected != cls) {
    pickler.fail(error, "first argument to __newobj__() must be %R, not %R", expected,
                 cls);
  }
}

void ReduceValue::validate_newobj_ex(Pickler& pickler) const {
  if (PyTuple_GET_SIZE(arguments) != 3) {
    pickler.fail(pickler.imported().pickling_error,
                 "__newobj_ex__ expected 3 arguments, got %zd",
                 PyTuple_GET_SIZE(arguments));
  }
  PyObject* cls = PyTuple_GET_ITEM(arguments, 0);
  PyObject* args = PyTuple_GET_ITEM(arguments, 1);
  PyObject* kwargs = PyTuple_GET_ITEM(arguments, 2);
  require_type(pickler, PyType_Check(cls),
               "first argument to __newobj_ex__() must be a class", cls);
  require_type(pickler, PyTuple_Check(args),
               "second argument to __newobj_ex__() must be a tuple", args);
  require_type(pickler, PyDict_Check(kwargs),
               "third argument to __newobj_ex__() must be a dict", kwargs);
}

// Pushes the new object on the unpickler's stack.
void ReduceValue::write_construction(Pickler& pickler, Script& script) const {
  const cpython::Names& names = pickler.names();
  switch (form) {
    case Form::kReduce:
      script.save(callable, Label::kAnswer, names.reduce_0)
          .save(arguments, Label::kAnswer, names.reduce_1)
          .op(Opcode::REDUCE);
      return;
    case Form::kNewObj: {
      Ref rest = checked(PyTuple_GetSlice(arguments, 1, PyTuple_GET_SIZE(arguments)));
      script.save(PyTuple_GET_ITEM(arguments, 0), Label::kText, names.attr_class_text)
          .save(rest.get(), Label::kAnswer, names.getnewargs_call)
          .op(Opcode::NEWOBJ);
      return;
    }
    case Form::kNewObjEx:
      if (pickler.protocol() < 4) return write_partial_new(pickler, script);
      script.save(PyTuple_GET_ITEM(arguments, 0), Label::kText, names.attr_class_text)
          .save(PyTuple_GET_ITEM(arguments, 1), Label::kAnswer, names.getnewargs_ex_0)
          .save(PyTuple_GET_ITEM(arguments, 2), Label::kAnswer, names.getnewargs_ex_1)
          .op(Opcode::NEWOBJ_EX);
      return;
  }
}

// Before protocol 4, partial(cls.__new__, cls, *args, **kwargs)() stands for NEWOBJ_EX.
void ReduceValue::write_partial_new(Pickler& pickler, Script& script) const {
  PyObject* cls = PyTuple_GET_ITEM(arguments, 0);
  PyObject* args = PyTuple_GET_ITEM(arguments, 1);
  Ref cls_new = checked(PyObject_GetAttr(cls, pickler.names().attr_new));
  Ref head = checked(PyTuple_Pack(2, cls_new.get(), cls));
  Ref all = checked(PySequence_Concat(head.get(), args));
  Ref partial = checked(PyObject_Call(pickler.imported().functools_partial, all.get(),
                                      PyTuple_GET_ITEM(arguments, 2)));
  script.save(partial.get()).save(pickler.imported().empty_tuple).op(Opcode::REDUCE);
}

void ReduceValue::write_state(Pickler& pickler, Script& script,
                              PyObject* object) const {
  if (state == nullptr) return;
  if (state_setter == nullptr)
    return write_instance_state(pickler, script, object, state);
  script.save(state_setter).save(object).save(state, Label::kState);
  script.op(Opcode::TUPLE2).op(Opcode::REDUCE).op(Opcode::POP);
}

// callable(*arguments), memoized as `object`: how old protocols write types that they
// have no opcode for.
void Pickler::save_as_call(PyObject* object, PyObject* callable, Ref arguments) {
  before_foreign_code();
  Script(*this)
      .save(callable)
      .save(arguments.get())
      .op(Opcode::REDUCE)
      .memoize(object)
      .start(object);
}

}  // namespace cppickle::pickling
