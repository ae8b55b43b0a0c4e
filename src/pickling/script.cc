// Running the steps of scripts.
#include "pickling/script.h"

#include "pickling/memo.h"
#include "pickling/pickler.h"

namespace cppickle::pickling {

using core::Opcode;

void Pickler::step_script(Frame& frame) {
  std::size_t depth = stack_.depth();
  // Steps hold objects that nothing else does, and may call foreign code.
  before_foreign_code();
  while (frame.position < stack_.step_count()) {
    // A copy: steps that are added by what this one calls may move it.  The references
    // stay the stack's.
    Step step = stack_.step(frame.position++);
    switch (step.kind) {
      case Step::Kind::kSave:
        save(step.object);
        break;
      case Step::Kind::kData: {
        Memo::StringsScope of_data(memo_, Script::strings_in(step.object));
        save(step.object);
        break;
      }
      case Step::Kind::kText:
        emit_str(step.object);
        break;
      case Step::Kind::kOp:
        op(step.opcode);
        break;
      case Step::Kind::kMemoize:
        memoize_or_get(step.object);
        break;
      case Step::Kind::kMemoizeOrEnd:
        if (!memoize_or_get(step.object)) frame.position = stack_.step_count();
        break;
      case Step::Kind::kGet:
        get(step.object);
        break;
      case Step::Kind::kWrite:
        write_or_get(step);
        break;
      case Step::Kind::kItems:
        push_frame(Frame::Kind::kItems, step.object);
        break;
      case Step::Kind::kPairs:
        push_frame(Frame::Kind::kPairs, step.object);
        break;
      case Step::Kind::kCall:
        step.call(*this, step.object);
        break;
    }
    // The step has pushed a frame, which comes first; run() comes back to this script.
    if (stack_.depth() != depth) return;
    before_foreign_code();
  }
  if (stack_.top().reduced) --reductions_;
  if (stack_.top().object != nullptr) --expansions_;
  pop_frame();
}

void Pickler::write_or_get(const Step& step) {
  if (get(step.label_key)) return;
  Script script(*this);
  step.write(script, step.object);
  script.start();
}

bool Pickler::memoize_or_get(PyObject* object) {
  if (!memoizing()) return true;
  std::size_t index = memo_.find_or_add(object);
  if (index == Memo::kAbsent) return emitter_.memoize(memo_.size() - 1), true;
  // It was reached again from its own parts, and finished there: to keep this one too
  // would make two objects of one.
  op(Opcode::POP);
  emitter_.get(index);
  return false;
}

}  // namespace cppickle::pickling
