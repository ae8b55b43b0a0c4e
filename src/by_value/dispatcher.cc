#include "by_value/dispatcher.h"

#include <cstddef>
#include <string>
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
#include "kinds/module_members.h"
#include "kinds/modules.h"
#include "kinds/named_objects.h"
#include "kinds/wrappers.h"
#include "parts/class_parts.h"
#include "pickling/hooks.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"
#include "policy/module_members.h"
#include "policy/policy.h"

namespace cppickle::by_value {

using caching::save_from_cache;
using cpython::checked;
using cpython::Ref;
using identity::Identity;
using kinds::save_class_by_value;
using kinds::save_enum_member;
using kinds::save_exception;
using kinds::save_function_by_value;
using kinds::save_method_wrapper;
using kinds::save_module_by_reference;
using kinds::save_module_member;
using kinds::save_named_object;
using kinds::save_nameless_structure;
using kinds::save_property;
using kinds::save_super;
using parts::ClassName;
using parts::name_of_class;
using pickling::Pickler;
using policy::GlobalName;
using policy::name_of_function;
using stream::Reducer;
using Verdict = policy::Policy::Verdict;

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

// The names of static types are made on the spot, so the memo has to hold them.
void hold_name_of_class(Pickler& pickler, PyTypeObject* type) {
  if (cpython::class_qualname(type) == nullptr) pickler.memo().own_keys();
}

// Writes a name that an import finds; false where that could take a frame of the work
// stack.
bool try_emit_global_inline(Pickler& pickler, PyObject* object,
                            const GlobalName& name) {
  if (!pickler.is_short_leaf(name.module) || !pickler.is_short_leaf(name.qualname) ||
      PyDict_GET_SIZE(pickler.imported().extension_registry) != 0)
    return false;
  pickler.emit_global(object, name.module, name.qualname);
  return true;
}

}  // namespace

bool Dispatcher::save_function_by_reference(Pickler& pickler, PyObject* object) {
  GlobalName name = name_of_function(object);
  if (!context().policy().is_importable(pickler, object, name)) return false;
  if (context().policy().is_decided_by_override(object)) [[unlikely]] {
    pickler.save_global(object, nullptr);
  } else {
    pickler.emit_global(object, name.module, name.qualname);
  }
  return true;
}

bool Dispatcher::save_class_by_reference(Pickler& pickler, PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  ClassName name = name_of_class(type, pickler.names());
  GlobalName borrowed{name.module.get(), name.qualname.get()};
  if (!context().policy().is_importable(pickler, cls, borrowed)) return false;
  if (context().policy().is_decided_by_override(cls)) [[unlikely]] {
    pickler.save_global(cls, nullptr);
    return true;
  }
  hold_name_of_class(pickler, type);
  pickler.emit_global(cls, borrowed.module, borrowed.qualname);
  return true;
}

void Dispatcher::save_function(Pickler& pickler, PyObject* function) {
  if (save_function_by_reference(pickler, function) ||
      (!writes_digest() && save_from_cache(cache_, *this, pickler, function)))
    return;
  save_function_by_value(*this, pickler, function);
}

void Dispatcher::save_class(Pickler& pickler, PyObject* cls) {
  if (PyObject* value = only_instance_of(cls)) {
    pickler.before_foreign_code();
    Ref arguments = checked(PyTuple_Pack(1, value));
    return pickler.save_as_call(cls, reinterpret_cast<PyObject*>(&PyType_Type),
                                std::move(arguments));
  }
  if (context().save_known_global(pickler, cls)) return;
  if (save_class_by_reference(pickler, cls) || save_as_edge(pickler, cls) ||
      (!writes_digest() && save_from_cache(cache_, *this, pickler, cls)))
    return;
  save_class_by_value(*this, pickler, cls);
}

bool Dispatcher::try_save_inline(Pickler& pickler, PyObject* object) {
  if (context().save_known_global(pickler, object)) return true;
  if (context().overrides().any()) [[unlikely]]
    return false;
  // Whoever saves inline borrows what it is going to save next, so nobody's code may
  // run: where only that could tell, the object is written by a frame.
  if (PyFunction_Check(object)) return try_save_function_inline(pickler, object);
  return PyType_Check(object) && only_instance_of(object) == nullptr &&
         try_save_class_inline(pickler, object);
}

bool Dispatcher::try_save_function_inline(Pickler& pickler, PyObject* function) {
  GlobalName name = name_of_function(function);
  switch (context().policy().verdict_without_calls(function, name)) {
    case Verdict::kByReference:
      return try_emit_global_inline(pickler, function, name);
    case Verdict::kByValue:
      return kinds::try_save_function_inline(*this, pickler, function);
    case Verdict::kUnknown:
      break;
  }
  return false;
}

bool Dispatcher::try_save_class_inline(Pickler& pickler, PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  ClassName name = name_of_class(type, pickler.names());
  GlobalName borrowed{name.module.get(), name.qualname.get()};
  switch (context().policy().verdict_without_calls(cls, borrowed)) {
    case Verdict::kByReference:
      hold_name_of_class(pickler, type);
      return try_emit_global_inline(pickler, cls, borrowed);
    case Verdict::kByValue:
      return save_as_edge(pickler, cls);
    case Verdict::kUnknown:
      break;
  }
  return false;
}

bool Dispatcher::save_known_global(Pickler& pickler, PyObject* object) {
  return context().save_known_global(pickler, object);
}

bool Dispatcher::save_other(Pickler& pickler, PyObject* object) {
  scan_new_modules();
  PyTypeObject* type = Py_TYPE(object);
  if (Reducer reducer = context().reducer_for(type))
    return reducer(*this, pickler, object);
  // Enumerations have a metaclass: objects of other types are not looked at any
  // further.
  if (Py_TYPE(type) != &PyType_Type && save_enum_member(*this, pickler, object))
    return true;
  if (PyExceptionInstance_Check(object)) return save_exception(*this, pickler, object);
  if (PyTuple_Check(object) && !cpython::is_python_class(type))
    return save_nameless_structure(*this, pickler, object);
  return may_be_derived(type) && save_derived(pickler, object);
}

// A reducer that somebody has registered comes before ours.  One that refuses means it;
// the names that numpy's gives are right for most ufuncs only.
bool Dispatcher::save_refused(Pickler& pickler, PyObject* object, bool has_name) {
  Ref error = cpython::take_raised();
  scan_new_modules();
  Reducer reducer = has_name ? context().reducer_for(Py_TYPE(object)) : nullptr;
  bool saved =
      (reducer != nullptr && reducer(*this, pickler, object)) ||
      save_module_member(*this, pickler, object, policy::ModuleMembers::Kind::kOther);
  if (!saved) cpython::set_raised(std::move(error));
  return saved;
}

// Classes that derive from builtin types with a reducer, and have none themselves.
bool Dispatcher::save_derived(Pickler& pickler, PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  const cpython::Names& names = pickler.names();
  if (!cpython::is_objects_own(type, names.reduce_ex) ||
      !cpython::is_objects_own(type, names.reduce))
    return false;
  if (PyModule_Check(object)) return save_module_by_reference(*this, pickler, object);
  if (type->tp_descr_get == nullptr) return false;
  if (PyType_IsSubtype(type, &PyProperty_Type))
    return save_property(*this, pickler, object);
  if (PyType_IsSubtype(type, &PySuper_Type)) return save_super(*this, pickler, object);
  return (PyType_IsSubtype(type, &PyClassMethod_Type) ||
          PyType_IsSubtype(type, &PyStaticMethod_Type)) &&
         save_method_wrapper(*this, pickler, object);
}

// A hook that gives the name of a function, a class or a module has decided how it
// travels.  An object that a stream has brought has its name in the process that made
// it, and goes on as it came.
bool Dispatcher::save_named(Pickler& pickler, PyObject* object, PyObject* module,
                            PyObject* qualname, bool is_found) {
  if (PyFunction_Check(object) || PyType_Check(object) || PyModule_Check(object))
    return false;
  const policy::Policy& policy = context().policy();
  // What is made in C has no other way than its name, where that leads somewhere.
  PyTypeObject* type = Py_TYPE(object);
  bool may_go_by_value =
      policy.is_of_this_process(module) ||
      (cpython::is_python_class(type) &&
       (policy.is_registered(module) ||
        (cpython::loaded_module(module) == nullptr && PyType_SUPPORTS_WEAKREFS(type))));
  if (!may_go_by_value) return false;
  if (!is_found && !context().tracker().knows(object)) return false;
  return save_named_object(*this, pickler, object, {module, qualname});
}

void Dispatcher::clear() {
  StreamState::clear();
  end_dump();
}

void Dispatcher::end_dump() {
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
  // Buffers have to be in the text, and must not be handed out twice.
  hooks.buffer_callback = nullptr;
  hooks.fast = hooks.foreign_sink = hooks.memo_is_dropped = false;
  hooks.answers = &answers;
  hooks.keeps_answers = true;
  hooks.reduce_protocol = outer.protocol();
  return hooks;
}

}  // namespace

// Writes the texts of classes, by a pickler of its own with an empty memo.
class Dispatcher::DigestWriter final : public identity::Expander {
 public:
  DigestWriter(Dispatcher& owner, Pickler& outer) : owner_(owner), outer_(outer) {}

  identity::Expansion expand(const identity::NodeKey& key) override {
    return expand_with(key, false);
  }

  identity::Expansion expand_with(const identity::NodeKey& key,
                                  bool entries_are_names) {
    Ref value = Ref::borrow(key.object.get());
    if (key.name) {
      value = Ref::borrow(cpython::read_entry(key.object.get(), key.name.get()));
    }
    identity::Expansion expansion;
    if (!value) return expansion;  // foreign code has taken it out meanwhile
    stream::DigestText text{key.is_tracked() ? value.get() : nullptr, {}};
    text.entries_are_names = entries_are_names;
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
      // KeyboardInterrupt and the like, and lack of memory, are not about the content.
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
    Writing(Dispatcher& owner, Pickler& outer, stream::DigestText& text)
        : state(owner.context(), owner.cache_),
          emitter(owner.digesting_->sink, kDigestProtocol),
          pickler(outer.imported(), outer.plans(), memo, state, emitter,
                  digest_hooks(outer, owner.answers_)) {
      memo.write_strings_by_content();
      state.write_digest(text);
    }
    pickling::Memo memo;
    Dispatcher state;
    core::Emitter emitter;
    Pickler pickler;
  };

  Dispatcher& owner_;
  Pickler& outer_;
};

Identity Dispatcher::identify(Pickler& pickler, PyObject* object) {
  if (writes_digest()) {
    // The text that an id is made of cannot depend on the id.
    PyObject* none = pickler.imported().empty_bytes;
    return {Ref::borrow(none), Ref::borrow(none)};
  }
  DigestWriter writer(*this, pickler);
  return digesting().identities.of(*this, pickler, writer, object);
}

namespace {

// A text, which takes no place in a stream's memo.  It is compared with one other.
Ref token_from(const core::Hash128& hash) {
  return checked(
      PyUnicode_FromFormat("%llu", static_cast<unsigned long long>(hash.low)));
}

}  // namespace

Ref Dispatcher::token_of_entry(Pickler& pickler, PyObject* globals, PyObject* name) {
  digesting();
  DigestWriter writer(*this, pickler);
  pickler.before_foreign_code();
  identity::Expansion expansion =
      writer.expand_with({Ref::borrow(globals), Ref::borrow(name)}, true);
  // Content that is not determined counts as changed.
  if (!expansion.is_determined) {
    Ref random = identity::random_id();
    return token_from(core::siphash128(cpython::bytes_view(random.get()), kTextKey));
  }
  auto own = expansion.own.bytes();
  std::string text(own.data(), own.size());
  for (const identity::NodeKey& edge : expansion.edges) {
    if (!edge.is_tracked()) continue;
    Identity identity = identify(pickler, edge.object.get());
    // Those of cloudpickle are str.
    Ref id = checked(PyObject_Repr(identity.id.get()));
    text.append(cpython::utf8_view(id.get()));
  }
  return token_from(core::siphash128(text, kTextKey));
}

Dispatcher::Digesting& Dispatcher::digesting() {
  if (digesting_ == nullptr)
    digesting_ = std::make_unique<Digesting>(context(), cache_);
  return *digesting_;
}

}  // namespace cppickle::by_value
