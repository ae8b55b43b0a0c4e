// What foreign code has answered in this dump: it is asked once, however often its
// answer is written.
#ifndef CPPICKLE_PICKLING_FOREIGN_ANSWERS_H_
#define CPPICKLE_PICKLING_FOREIGN_ANSWERS_H_

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "cpython/ref.h"

namespace cppickle::pickling {

// The answers about objects that are written twice: into a digest of the class that
// holds them, and into the stream.  Holds the objects and the answers until clear(),
// which is to be called when the dump ends.
// Thread safety: requires the GIL.
class ForeignAnswers {
 public:
  enum class Question : std::uint8_t {
    kPersistentId,     // persistent_id(object)
    kReducerOverride,  // reducer_override(object)
    kReduceValue,      // a registered reducer's answer, or __reduce_ex__'s
  };

  bool empty() const { return answers_ == nullptr; }

  // What was answered, or an empty Ref.  Iterators in a reduce value are new ones over
  // the same items.
  cpython::Ref find(PyObject* object, Question question) const;

  // Keeps an answer and gives it back to be used.  Iterators of a reduce value are read
  // to their end.  Throws ErrorSet.
  cpython::Ref keep(PyObject* object, Question question, cpython::Ref answer);

  void clear() { answers_.reset(); }

 private:
  struct Answers {
    cpython::Ref object;
    cpython::Ref by_question[3];
  };

  // Null in most dumps.
  std::unique_ptr<std::unordered_map<PyObject*, Answers>> answers_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_FOREIGN_ANSWERS_H_
