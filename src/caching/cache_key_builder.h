// Builds cache keys.
#ifndef CPPICKLE_CACHING_CACHE_KEY_BUILDER_H_
#define CPPICKLE_CACHING_CACHE_KEY_BUILDER_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bytecode/code_info.h"
#include "caching/cache_key.h"
#include "caching/class_cache.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"
#include "policy/module_members.h"
#include "policy/policy.h"
#include "stream/by_value_context.h"
#include "stream/stream_state.h"

namespace cppickle::caching {

// Fills `cache_key`.  False when the graph is too large, or has parts that only foreign
// code can read, or whose answers other caches keep: then the key is of no use.
bool build_cache_key(CacheKey& cache_key, ClassCache& classes,
                     stream::StreamState& state, pickling::Pickler& pickler,
                     PyObject* root);

// Each member answers false when the object cannot be described.  Reads everything that
// the reducers of the object's kind read, and runs no foreign code.
// REQUIRES: whatever a by-value reducer reads of the graph, of the policy or of the
// process is read here too, or the member answers false; the reducers then write the
// object, always rightly.  So a change of a reducer is a change here.
// tests/by_value/test_cached_expansions.py compares with what is written out.
class CacheKeyBuilder {
 public:
  CacheKeyBuilder(CacheKey& cache_key, ClassCache& classes, stream::StreamState& state,
                  pickling::Pickler& pickler)
      : out_(cache_key),
        classes_(classes),
        state_(state),
        context_(state.context()),
        pickler_(pickler),
        names_(pickler.names()) {}

  bool add_root(PyObject* root);
  bool add(PyObject* object) {
    if (out_.words.is_full()) return false;
    return is_scalar(object) ? add_scalar(object) : add_object(object);
  }

 private:
  // What a word says; a payload stands in its upper bytes.
  enum class Tag : std::uint8_t {
    kAbsent,
    kText,
    kInt,
    kFloat,
    kConstant,
    kBackReference,
    kGlobal,
    kKnownGlobal,
    kFunction,
    kNamespace,
    kShared,
    kClassNamespace,
    kModule,
    kSubmodule,
    kClass,
    kMember,
    kInstance,
    kByIdentity,
    kSame,
    kSequence,
    kObject,
  };

  // What a function mentions beside globals and free variables: submodules of packages
  // may be among them.
  struct Mentions {
    PyObject* names;      // a tuple, which its code keeps
    bool in_annotations;  // there are more
  };

  void word(Tag tag, std::uint64_t payload = 0) {
    out_.words.push_back(static_cast<std::uint64_t>(tag) | payload << 8);
  }
  void pointer(const void* address) {
    out_.words.push_back(reinterpret_cast<std::uintptr_t>(address));
  }
  void kind(PyObject* object) {
    word(Tag::kObject);
    pointer(cpython::read_type(object));
  }
  // An exact str or bytes.
  bool text(PyObject* object) {
    word(Tag::kText);
    out_.texts.push_back(object);
    return true;
  }
  bool add_or_absent(PyObject* object) {
    if (object != nullptr) return add(object);
    word(Tag::kAbsent);
    return true;
  }
  // Values without identity.
  static bool is_scalar(PyObject* object) {
    PyTypeObject* type = Py_TYPE(object);
    return type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type ||
           object == Py_None;
  }
  // A string that is written as one of code, so that only its content counts.
  static bool is_text_of_code(PyObject* object) {
    return PyUnicode_CheckExact(object) && pickling::Memo::is_poolable(object);
  }
  bool add_text_of_code(PyObject* object) {
    return object != nullptr && is_text_of_code(object) ? text(object)
                                                        : add_or_absent(object);
  }
  bool add_scalar(PyObject* object) {
    PyTypeObject* type = Py_TYPE(object);
    if (type == &PyLong_Type) return add_int(object);
    word(type == &PyFloat_Type ? Tag::kFloat : Tag::kConstant);
    if (type == &PyFloat_Type) {
      out_.words.push_back(std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(object)));
    } else {
      pointer(object);
    }
    return true;
  }
  bool add_int(PyObject* number);
  [[gnu::noinline]] bool add_object(PyObject* object);
  bool add_visited(PyObject* object);
  bool add_sequence(PyObject* object);
  bool add_dict(PyObject* dict);
  bool add_set(PyObject* set);

  bool add_function(PyObject* object);
  bool add_function_parts(PyObject* function);
  bool add_closure(PyObject* function, const Mentions& mentions);
  bool add_cell(PyObject* cell, PyObject* variable);
  bool add_namespace(PyObject* globals);
  bool add_code(PyObject* code);
  bool add_module(PyObject* module);
  bool add_submodules(PyObject* value, const Mentions& mentions);
  void add_loaded_submodules(PyObject* package, PyObject* mentioned_names);
  // Writes whether it travels by reference, and under which names; `by_reference` says
  // which.
  bool add_verdict(PyObject* object, const policy::GlobalName& name,
                   bool& by_reference);

  bool add_class(PyObject* cls);
  bool add_class_parts(PyTypeObject* type);
  bool add_class_attributes(PyTypeObject* type, std::uint64_t version);
  std::vector<PyObject*> walked_attributes(PyTypeObject* type) const;
  bool add_metaclass(PyTypeObject* metaclass);
  bool add_by_identity(PyObject* value);
  bool is_unregistered_base(PyTypeObject* type);
  bool add_static_type(PyTypeObject* type);
  bool add_other(PyObject* object);
  bool add_module_member(PyObject* object, policy::ModuleMembers::Kind kind_of);
  bool add_sentinel(PyObject* object);
  bool add_kept_name(const policy::GlobalName& name);
  bool add_method(PyObject* method);
  bool is_refused(PyTypeObject* type) const;
  bool add_wrapper(PyObject* wrapper);
  bool add_property(PyObject* property);
  bool add_builtin_function(PyObject* object);
  bool add_member(PyObject* member);
  bool add_instance(PyObject* object);
  bool add_attributes(PyObject* object);
  bool is_by_value(PyTypeObject* type) const;
  bool has_no_reducer(PyTypeObject* type);
  bool is_unregistered(PyTypeObject* type);

  static constexpr int kDeepest = 40;
  static constexpr std::size_t kFew = 8;

  CacheKey& out_;
  ClassCache& classes_;
  stream::StreamState& state_;
  stream::ByValueContext& context_;
  pickling::Pickler& pickler_;
  const cpython::Names& names_;
  int depth_ = 0;
  PyTypeObject* last_unregistered_ = nullptr;
  std::array<PyTypeObject*, kFew> unregistered_{};  // types known to have no reducer
  std::size_t unregistered_count_ = 0;
  std::array<PyTypeObject*, kFew> by_value_{};  // the first of the classes by value
  std::size_t by_value_count_ = 0;
};

}  // namespace cppickle::caching

#endif  // CPPICKLE_CACHING_CACHE_KEY_BUILDER_H_
