// The steps of one object's expansion: what reducers write with.
#ifndef CPPICKLE_PICKLING_SCRIPT_H_
#define CPPICKLE_PICKLING_SCRIPT_H_

#include <cstddef>

#include "core/opcode.h"
#include "cpython/ref.h"
#include "pickling/memo.h"
#include "pickling/pickler.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

// Writes a script: the steps of one object's expansion.
//
// Steps are carried out right away as long as none of them needs a frame; from the
// first that does, they are kept for the frame that start() pushes.
// REQUIRES: nothing else is pushed on the stack between construction and start().
// REQUIRES: whoever writes with the pickler itself has asked is_direct().  With a
// persistent_id no script is direct.
class Script {
 public:
  explicit Script(Pickler& pickler)
      : pickler_(pickler),
        stack_(pickler.stack_),
        first_(pickler.stack_.step_count()),
        direct_(!pickler.asks_for_ids()) {}
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  Script& save(PyObject* object, Label label = Label::kNone,
               PyObject* label_key = nullptr) {
    if (direct_ && pickler_.try_save_inline(object)) return *this;
    return keep({Step::Kind::kSave,
                 label,
                 {},
                 Py_NewRef(object),
                 Py_XNewRef(label_key),
                 nullptr});
  }
  // The same for what the user's code works on: the strings in it are data.
  Script& data(PyObject* object, Label label = Label::kNone,
               PyObject* label_key = nullptr) {
    if (direct_) {
      Memo::StringsScope of_data(pickler_.memo(), strings_in(object));
      if (pickler_.try_save_inline(object)) return *this;
    }
    return keep({Step::Kind::kData,
                 label,
                 {},
                 Py_NewRef(object),
                 Py_XNewRef(label_key),
                 nullptr});
  }
  Script& op(core::Opcode code) {
    if (direct_) return pickler_.op(code), *this;
    return keep({Step::Kind::kOp, Label::kNone, code, nullptr, nullptr, nullptr});
  }
  // A string that stays out of the memo: a key that the stream is not expected to hold
  // again.
  Script& key(PyObject* text) {
    if (pickler_.asks_for_ids()) return save(text);
    if (direct_) return pickler_.emit_str(text), *this;
    return keep_about(Step::Kind::kText, text);
  }
  // To stand where the standard pickler saves an object that a script writes without
  // save(): a frame of the format may end there.
  Script& object_begins() {
    if (direct_ && !pickler_.frame_is_due()) return *this;
    return call([](Pickler& self, PyObject*) { self.commit_due_frame(); }, nullptr);
  }
  Script& memoize(PyObject* object) {
    if (direct_) return pickler_.memoize_or_get(object), *this;
    return keep_about(Step::Kind::kMemoize, object);
  }
  // The same for the object that the script expands.  When it got into the memo while
  // the script's first part was written, it was reached again from there and written
  // to its end, and what follows here would come twice: items, pairs, the state.
  Script& memoize_or_end(PyObject* object) {
    // As long as the script is direct, nothing that could reach it has been written.
    if (direct_) return pickler_.memoize(object), *this;
    return keep_about(Step::Kind::kMemoizeOrEnd, object);
  }
  // Memoizes what exists only in the stream.
  Script& memoize_anonymous() {
    if (direct_) return pickler_.memoize_anonymous(), *this;
    return call([](Pickler& self, PyObject*) { self.memoize_anonymous(); }, nullptr);
  }
  Script& get(PyObject* object) {
    if (direct_) return pickler_.get(object), *this;
    return keep_about(Step::Kind::kGet, object);
  }
  Script& items(PyObject* iterator) { return keep_about(Step::Kind::kItems, iterator); }
  Script& pairs(PyObject* iterator) { return keep_about(Step::Kind::kPairs, iterator); }
  Script& call(Step::Call function, PyObject* object) {
    return keep(
        {Step::Kind::kCall, Label::kNone, {}, Py_XNewRef(object), nullptr, function});
  }
  // Pushes `key` from the memo, or else write(script, object), which memoizes it.
  Script& get_or_write(PyObject* key, Step::Write write, PyObject* object) {
    if (!direct_) {
      Step step{Step::Kind::kWrite, Label::kNone,   {},
                Py_NewRef(object),  Py_NewRef(key), nullptr};
      step.write = write;
      return keep(step);
    }
    if (!pickler_.get(key)) write(*this, object);
    return *this;
  }
  // True as long as everything has been carried out right away: then the caller may
  // write with the pickler itself, what needs no frame.
  bool is_direct() const { return direct_; }
  int protocol() const { return pickler_.protocol(); }
  Pickler& pickler() { return pickler_; }
  // Hands what is left over to the pickler.  `object` is what the script expands, null
  // for a part of one.
  void start(PyObject* object = nullptr) {
    if (direct_) return;
    Frame& frame = pickler_.push_frame(Frame::Kind::kScript, object);
    frame.position = frame.extra = first_;
    if (object != nullptr) pickler_.expansion_begins();
  }

  // Those in what the user's code works on.  A string by itself may be a sentinel,
  // which the code knows by identity.
  static Memo::Strings strings_in(PyObject* object) {
    return PyUnicode_CheckExact(object) ? Memo::Strings::kSentinels
                                        : Memo::Strings::kOfData;
  }

 private:
  Script& keep_about(Step::Kind kind, PyObject* object) {
    return keep({kind, Label::kNone, {}, Py_NewRef(object), nullptr, nullptr});
  }
  Script& keep(Step step) {
    direct_ = false;
    stack_.add_step(step);
    if (pickler_.keeps_frame_open_) [[unlikely]]
      pickler_.fail(PyExc_SystemError, "a frame is needed where none was expected");
    return *this;
  }

  Pickler& pickler_;
  WorkStack& stack_;
  std::size_t first_;
  bool direct_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_SCRIPT_H_
