// The walk that fills a snapshot.
#ifndef CPPICKLE_RECORDING_SNAPSHOT_WALK_H_
#define CPPICKLE_RECORDING_SNAPSHOT_WALK_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bytecode/code_info.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"
#include "policy/policy.h"
#include "recording/class_slots.h"
#include "recording/snapshot.h"
#include "stream/shared.h"
#include "stream/stream_state.h"

namespace cppickle::recording {

// Fills `snapshot`.  False when the graph is too large, or has parts that only foreign
// code can tell, or that other caches serve: then the snapshot is of no use.
bool take_snapshot(Snapshot& snapshot, ClassSlots& classes,
                   stream::StreamState& reducers, pickling::Pickler& pickler,
                   PyObject* root);

// Each member answers false when the object cannot be told.  Reads everything that the
// reducers of the object's kind read, and runs no foreign code.
class SnapshotWalk {
 public:
  SnapshotWalk(Snapshot& snapshot, ClassSlots& classes, stream::StreamState& reducers,
               pickling::Pickler& pickler)
      : out_(snapshot),
        classes_(classes),
        reducers_(reducers),
        shared_(reducers.shared()),
        pickler_(pickler),
        names_(pickler.names()) {}

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
    kAgain,
    kGlobal,
    kKnown,
    kFunction,
    kNamespace,
    kClassNamespace,
    kModule,
    kClass,
    kMember,
    kInstance,
    kPinned,
    kSame,
    kSequence,
    kObject,
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
    if (type == &PyUnicode_Type) return pickling::Memo::unifies(object);
    return type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type ||
           object == Py_None;
  }
  bool add_scalar(PyObject* object) {
    PyTypeObject* type = Py_TYPE(object);
    if (type == &PyUnicode_Type) return text(object);
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
  bool add_closure(PyObject* function, const bytecode::CodeInfo& info);
  bool add_cell(PyObject* cell, PyObject* variable);
  bool add_namespace(PyObject* globals);
  bool add_code(PyObject* code);
  bool add_module(PyObject* module);
  // False when submodules of a package may have to be imported with it.
  bool needs_no_submodules(PyObject* module, const bytecode::CodeInfo& info) const;
  // Writes whether it travels by reference, and under which names; `by_reference`
  // tells.
  bool add_verdict(PyObject* object, const policy::GlobalName& name,
                   bool& by_reference);

  bool add_class(PyObject* cls);
  bool add_class_parts(PyTypeObject* type);
  bool add_class_attributes(PyTypeObject* type, std::uint64_t version);
  std::vector<PyObject*> walked_attributes(PyTypeObject* type) const;
  bool add_metaclass(PyTypeObject* metaclass);
  bool add_pinned(PyObject* value);
  bool is_unregistered_base(PyTypeObject* type);
  bool add_static_type(PyTypeObject* type);
  bool add_other(PyObject* object);
  bool add_sentinel(PyObject* object);
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

  Snapshot& out_;
  ClassSlots& classes_;
  stream::StreamState& reducers_;
  stream::Shared& shared_;
  pickling::Pickler& pickler_;
  const cpython::Names& names_;
  int depth_ = 0;
  PyTypeObject* last_unregistered_ = nullptr;
  std::array<PyTypeObject*, kFew> unregistered_{};  // types known to have no reducer
  std::size_t unregistered_count_ = 0;
  std::array<PyTypeObject*, kFew> by_value_{};  // the first of the classes by value
  std::size_t by_value_count_ = 0;
};

}  // namespace cppickle::recording

#endif  // CPPICKLE_RECORDING_SNAPSHOT_WALK_H_
