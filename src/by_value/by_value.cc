#include "by_value/by_value.h"

#include <cstddef>
#include <string_view>
#include <utility>

#include "core/emitter.h"
#include "core/siphash.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "kinds/classes.h"
#include "kinds/enums.h"
#include "kinds/exceptions.h"
#include "kinds/functions.h"
#include "kinds/imports.h"
#include "kinds/wrappers.h"
#include "parts/class_parts.h"
#include "pickling/hooks.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"
#include "policy/policy.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::Ref;
using identity::Identity;
using kinds::save_class_by_value;
using kinds::save_enum_member;
using kinds::save_exception;
using kinds::save_function_at_once;
using kinds::save_function_by_value;
using kinds::save_method_wrapper;
using kinds::save_module_by_reference;
using kinds::save_property;
using parts::ClassName;
using parts::name_of_class;
using pickling::Pickler;
using policy::GlobalName;
using recording::save_recorded;
using stream::Reducer;

namespace {

// Types that pickle writes as type(value): their names lead nowhere in older versions.
PyObject* only_instance_of(PyObject* cls) {
  for (PyObject* value : {Py_None, Py_NotImplemented, Py_Ellipsis}) {
    if (reinterpret_cast<PyObject*>(Py_TYPE(value)) == cls) return value;
  }
  return nullptr;
}

// False for most classes that derive neither from a descriptor nor from the module
// type.
bool may_be_derived(PyTypeObject* type) {
  return type->tp_descr_get != nullptr ||
         type->tp_basicsize >= PyModule_Type.tp_basicsize;
}

}  // namespace

bool ByValue::save_function_by_reference(Pickler& pickler, PyObject* object) {
  GlobalName name{cpython::read_field<&PyFunctionObject::func_module>(object),
                  cpython::read_field<&PyFunctionObject::func_qualname>(object)};
  if (!shared().policy().is_importable(pickler, object, name)) return false;
  if (shared().policy().is_decided_elsewhere(object)) [[unlikely]] {
    pickler.save_global(object, nullptr);
  } else {
    pickler.emit_global(object, name.module, name.qualname);
  }
  return true;
}

bool ByValue::save_class_by_reference(Pickler& pickler, PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  ClassName name = name_of_class(type, pickler.names());
  GlobalName borrowed{name.module.get(), name.qualname.get()};
  if (!shared().policy().is_importable(pickler, cls, borrowed)) return false;
  if (shared().policy().is_decided_elsewhere(cls)) [[unlikely]] {
    pickler.save_global(cls, nullptr);
    return true;
  }
  // The names of static types are made on the spot, so the memo has to hold them.
  if (cpython::class_qualname(type) == nullptr) pickler.before_foreign_code();
  pickler.emit_global(cls, borrowed.module, borrowed.qualname);
  return true;
}

void ByValue::save_function(Pickler& pickler, PyObject* function) {
  if (save_function_by_reference(pickler, function) ||
      (!writes_digest() && save_recorded(recordings_, *this, pickler, function)))
    return;
  save_function_by_value(*this, pickler, function);
}

void ByValue::save_class(Pickler& pickler, PyObject* cls) {
  if (PyObject* value = only_instance_of(cls)) {
    pickler.before_foreign_code();
    Ref arguments = checked(PyTuple_Pack(1, value));
    return pickler.save_as_call(cls, reinterpret_cast<PyObject*>(&PyType_Type),
                                std::move(arguments));
  }
  if (shared().save_known_global(pickler, cls)) return;
  if (save_class_by_reference(pickler, cls) || save_as_edge(pickler, cls) ||
      (!writes_digest() && save_recorded(recordings_, *this, pickler, cls)))
    return;
  save_class_by_value(*this, pickler, cls);
}

bool ByValue::save_at_once(Pickler& pickler, PyObject* object) {
  if (shared().save_known_global(pickler, object)) return true;
  if (shared().replacements().any()) [[unlikely]]
    return false;
  if (PyFunction_Check(object)) {
    return save_function_by_reference(pickler, object) ||
           save_function_at_once(*this, pickler, object);
  }
  return PyType_Check(object) && only_instance_of(object) == nullptr &&
         (save_class_by_reference(pickler, object) || save_as_edge(pickler, object));
}

bool ByValue::save_other(Pickler& pickler, PyObject* object) {
  notice_new_modules();
  PyTypeObject* type = Py_TYPE(object);
  if (Reducer reducer = shared().reducer_for(type))
    return reducer(*this, pickler, object);
  if (Py_TYPE(type) != &PyType_Type && save_enum_member(*this, pickler, object))
    return true;
  if (PyExceptionInstance_Check(object)) return save_exception(*this, pickler, object);
  return may_be_derived(type) && save_derived(pickler, object);
}

// Classes that derive from builtin types with a reducer, and have none themselves.
bool ByValue::save_derived(Pickler& pickler, PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  const cpython::Names& names = pickler.names();
  if (!cpython::is_objects_own(type, names.reduce_ex) ||
      !cpython::is_objects_own(type, names.reduce))
    return false;
  if (PyModule_Check(object)) return save_module_by_reference(*this, pickler, object);
  if (type->tp_descr_get == nullptr) return false;
  if (PyType_IsSubtype(type, &PyProperty_Type))
    return save_property(*this, pickler, object);
  return (PyType_IsSubtype(type, &PyClassMethod_Type) ||
          PyType_IsSubtype(type, &PyStaticMethod_Type)) &&
         save_method_wrapper(*this, pickler, object);
}

void ByValue::clear() {
  StreamState::clear();
  end_dump();
}

void ByValue::end_dump() {
  digesting_.reset();
  answers_.clear();
}

// --- Digests ----------------------------------------------------------------

namespace {

// The texts are the same whatever the protocol of the stream.
constexpr int kDigestProtocol = 5;
constexpr core::SipHashKey kTextKey{0x656c6b6369707063u, 0x74786574u};

// True for errors that an ordinary dump will meet again, where they have a path.
bool is_error_of_content() {
  return PyErr_ExceptionMatches(PyExc_Exception) &&
         !PyErr_ExceptionMatches(PyExc_MemoryError);
}

// The hooks of the dump in progress: what they answer is part of the content.
pickling::Hooks digest_hooks(const Pickler& outer, pickling::ForeignAnswers& answers) {
  pickling::Hooks hooks = outer.hooks();
  hooks.buffer_callback = nullptr;
  hooks.fast = hooks.foreign_sink = hooks.memo_is_dropped = false;
  hooks.answers = &answers;
  hooks.keeps_answers = true;
  hooks.reduce_protocol = outer.protocol();
  return hooks;
}

}  // namespace

// Writes the texts of classes, by a pickler of its own with an empty memo.
class ByValue::DigestWriter final : public identity::Expander {
 public:
  DigestWriter(ByValue& owner, Pickler& outer) : owner_(owner), outer_(outer) {}

  identity::Expansion expand(const identity::Part& part) override {
    Ref value = Ref::borrow(part.object.get());
    if (part.name) {
      value = Ref::borrow(cpython::read_entry(part.object.get(), part.name.get()));
    }
    identity::Expansion expansion;
    if (!value) return expansion;  // foreign code has taken it out meanwhile
    stream::DigestText text{part.is_tracked() ? value.get() : nullptr, {}};
    // On the heap: foreign code nests dumps, and so these, on one C stack.
    auto writing = std::make_unique<Writing>(owner_, outer_, text);
    try {
      writing->pickler.expand(value.get());
      expansion.own = core::siphash128(writing->emitter.written(0), kTextKey);
    } catch (const core::SinkIsFull&) {
      expansion.is_determined = false;
    } catch (const core::TooLarge&) {
      expansion.is_determined = false;
    } catch (const cpython::ErrorSet&) {
      if (!is_error_of_content()) throw;
      PyErr_Clear();
      expansion.is_determined = false;
    }
    // Known as far as it was written: classes keep their ids and edges get theirs.
    if (text.shape_size != 0) {
      std::string_view begin = writing->emitter.written(0).substr(0, text.shape_size);
      expansion.shape = core::siphash128(begin, kTextKey);
      expansion.shape_edges = text.shape_edges;
    }
    expansion.edges = std::move(text.edges);
    return expansion;
  }

 private:
  struct Writing {
    Writing(ByValue& owner, Pickler& outer, stream::DigestText& text)
        : state(owner.shared(), owner.recordings_),
          emitter(owner.digesting_->sink, kDigestProtocol),
          pickler(outer.imported(), outer.plans(), memo, state, emitter,
                  digest_hooks(outer, owner.answers_)) {
      memo.tell_strings_by_content();
      state.write_digest(text);
    }
    pickling::Memo memo;
    ByValue state;
    core::Emitter emitter;
    Pickler pickler;
  };

  ByValue& owner_;
  Pickler& outer_;
};

Identity ByValue::identify(Pickler& pickler, PyObject* object) {
  if (writes_digest()) {
    PyObject* none = pickler.imported().empty_bytes;
    return {Ref::borrow(none), Ref::borrow(none)};
  }
  if (digesting_ == nullptr)
    digesting_ = std::make_unique<Digesting>(shared(), recordings_);
  DigestWriter writer(*this, pickler);
  return digesting_->identities.of(*this, pickler, writer, object);
}

}  // namespace cppickle::by_value
