// Writing what needs no frame of the work stack.
#ifndef CPPICKLE_PICKLING_INLINE_SCOPE_H_
#define CPPICKLE_PICKLING_INLINE_SCOPE_H_

#include "pickling/pickler.h"

namespace cppickle::pickling {

// While one lives, the frame in progress is not closed: what is being written needs no
// frame of the work stack, as it was found out beforehand, and must not need one now.
// REQUIRES: nothing that is written meanwhile needs a frame; a step that would have to
// be kept raises SystemError, since it would tear the stream.
class Pickler::InlineScope {
 public:
  explicit InlineScope(Pickler& pickler)
      : pickler_(pickler), before_(pickler.keeps_frame_open_) {
    pickler.keeps_frame_open_ = true;
  }
  InlineScope(const InlineScope&) = delete;
  InlineScope& operator=(const InlineScope&) = delete;
  ~InlineScope() { pickler_.keeps_frame_open_ = before_; }

 private:
  Pickler& pickler_;
  bool before_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_INLINE_SCOPE_H_
