// The explicit stack of a dump: one frame for each object in progress, read bottom up
// it is the path.
#ifndef CPPICKLE_PICKLING_WORK_STACK_H_
#define CPPICKLE_PICKLING_WORK_STACK_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/inline_vector.h"
#include "core/opcode.h"
#include "cpython/ref.h"
#include "pickling/memo.h"

namespace cppickle::pickling {

class Pickler;
class Script;

// How a child is named in a path: what is written after the parent.
enum class Label : std::uint8_t {
  kNone,          // not part of the path, unless an attribute of the parent
  kText,          // label_key verbatim, a str such as ".__closure__"
  kAnswer,        // the same, unless what it holds is an attribute of the parent
  kAttribute,     // .name
  kKey,           // [repr]
  kGlobal,        // .__globals__[repr]
  kFreeVariable,  // .__closure__[repr]
  kListed,        // list(parent)
  kState,         // not part of the path; dict entries of the state are attributes
};

// One step of a script: what to do for an object that is not a plain container.
struct Step {
  enum class Kind : std::uint8_t {
    kSave,     // save object
    kData,     // the same, whose strings are data
    kText,     // write the str object, without the memo
    kOp,       // write opcode
    kMemoize,  // memoize object; when it got into the memo meanwhile (it is recursive),
               // POP and get that one
    kMemoizeOrEnd,  // the same; a recursive one has been finished, and the script ends
    kGet,           // push object, which is in the memo
    kWrite,         // push label_key from the memo, or else write(script, object)
    kItems,         // append what the iterator `object` yields
    kPairs,         // set the pairs that the iterator `object` yields
    kCall,          // call(pickler, object)
  };
  using Call = void (*)(Pickler&, PyObject*);
  using Write = void (*)(Script&, PyObject*);

  Kind kind;
  Label label;
  core::Opcode opcode;
  PyObject* object;     // owned, may be null
  PyObject* label_key;  // owned, may be null
  union {
    Call call;
    Write write;
  };
};

struct Frame {
  enum class Kind : std::uint8_t {
    kList,       // an exact list, in batches
    kTuple,      // elements, then TUPLE
    kDict,       // an exact dict, in batches
    kSet,        // items, in batches
    kFrozenset,  // items, then FROZENSET
    kItems,      // an iterator's items, in batches
    kPairs,      // an iterator's pairs, in batches
    kState,      // an instance whose state is being saved: then BUILD
    kScript,     // steps
  };

  Kind kind;
  bool tracked : 1;       // in the set of objects in progress of the fast mode
  bool reduced : 1;       // a script of a reduce value that foreign code gave
  Memo::Strings strings;  // whose those are that are written for it
  std::uint8_t phase;     // where in its cycle the frame is, meaning by kind
  std::uint32_t in_batch;
  PyObject* object;   // owned: container or iterator; null for scripts
  PyObject* pending;  // owned: what comes next and must not be lost, may be null
  PyObject* ahead;    // owned: what was read ahead, may be null
  std::size_t
      position;       // items begun; dict and set: PyDict_Next's; script: the next step
  std::size_t extra;  // dict and set: the size at the start; script: the first step
};

// Frames and the steps of their scripts.  Owns what they own.
// REQUIRES: no Frame& is used after a push or pop: frames move.
class WorkStack {
 public:
  WorkStack() = default;
  WorkStack(const WorkStack&) = delete;
  WorkStack& operator=(const WorkStack&) = delete;
  ~WorkStack() { clear(); }

  bool empty() const { return frames_.empty(); }
  // True when there are frames of iterators, whose items nothing else may hold.
  bool has_iterators() const { return iterators_ != 0; }
  std::size_t depth() const { return frames_.size(); }
  Frame& top() { return frames_.back(); }
  std::span<const Frame> frames() const { return {frames_.begin(), frames_.size()}; }

  // A frame for `object`, of which it takes a reference.  Earlier Frame& end here.
  Frame& push(Frame::Kind kind, PyObject* object, Memo::Strings strings) {
    Frame& frame = frames_.push_back(
        {kind, false, false, strings, 0, 0, object, nullptr, nullptr, 0, 0});
    Py_XINCREF(object);
    iterators_ += is_iterator(kind);
    return frame;
  }
  void pop();
  // Pops what lies above the lowest `depth` frames.
  void cut_to(std::size_t depth);

  // Steps of the script being written or run; the newest script's come last.
  const Step& step(std::size_t index) const { return steps_[index]; }
  std::size_t step_count() const { return steps_.size(); }
  void add_step(Step step) { steps_.push_back(step); }
  void drop_steps(std::size_t first);

  void clear();

 private:
  static bool is_iterator(Frame::Kind kind) {
    return kind == Frame::Kind::kItems || kind == Frame::Kind::kPairs;
  }

  std::size_t iterators_ = 0;
  core::InlineVector<Frame, 8> frames_;
  core::InlineVector<Step, 8> steps_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_WORK_STACK_H_
