// The by-value reducers: what makes it cloud.  Fills the interface that pickling/
// declares.
#ifndef CPPICKLE_BY_VALUE_BY_VALUE_H_
#define CPPICKLE_BY_VALUE_BY_VALUE_H_

#include <cstddef>
#include <memory>

#include "by_value/identities.h"
#include "core/bounded_sink.h"
#include "cpython/ref.h"
#include "identity/content_graph.h"
#include "identity/tracker.h"
#include "pickling/foreign_answers.h"
#include "recording/recordings.h"
#include "stream/shared.h"
#include "stream/stream_state.h"

namespace cppickle::pickling {
class Pickler;
}

namespace cppickle::by_value {

// Says which reducer writes an object, and whether by reference or by value.
class ByValue final : public stream::StreamState {
 public:
  ByValue(stream::Shared& shared, recording::Recordings& recordings)
      : stream::StreamState(shared), recordings_(recordings) {}

  void save_function(pickling::Pickler& pickler, PyObject* function) override;
  void save_class(pickling::Pickler& pickler, PyObject* cls) override;
  bool save_at_once(pickling::Pickler& pickler, PyObject* object) override;
  bool save_other(pickling::Pickler& pickler, PyObject* object) override;
  void clear() override;
  void end_dump() override;
  pickling::ForeignAnswers& answers() override { return answers_; }
  identity::Identity identify(pickling::Pickler& pickler, PyObject* object) override;

 private:
  class DigestWriter;

  bool save_function_by_reference(pickling::Pickler& pickler, PyObject* function);
  bool save_class_by_reference(pickling::Pickler& pickler, PyObject* cls);
  bool save_derived(pickling::Pickler& pickler, PyObject* object);

  // What identities are found with, in a dump that has any.
  struct Digesting {
    Digesting(stream::Shared& shared, recording::Recordings& recordings)
        : identities(shared.tracker(), recordings) {}

    Identities identities;
    core::BoundedSink sink{kLongestText};
  };
  // Content that takes more does not count as determined: to hash it would take longer
  // than to send it.
  static constexpr std::size_t kLongestText = std::size_t{1} << 20;  // bytes

  recording::Recordings& recordings_;
  std::unique_ptr<Digesting> digesting_;  // of the dump in progress
  pickling::ForeignAnswers answers_;      // in it
};

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_BY_VALUE_H_
