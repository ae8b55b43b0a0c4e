// The by-value reducers: what makes it cloud.  Fills the interface that pickling/
// declares.
#ifndef CPPICKLE_BY_VALUE_BY_VALUE_H_
#define CPPICKLE_BY_VALUE_BY_VALUE_H_

#include "cpython/ref.h"
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

 private:
  bool save_function_by_reference(pickling::Pickler& pickler, PyObject* function);
  bool save_class_by_reference(pickling::Pickler& pickler, PyObject* cls);
  bool save_derived(pickling::Pickler& pickler, PyObject* object);

  recording::Recordings& recordings_;
};

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_BY_VALUE_H_
