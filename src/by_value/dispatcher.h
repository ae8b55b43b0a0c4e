// Pickling functions and classes by value: fills the interface that pickling/ declares.
#ifndef CPPICKLE_BY_VALUE_DISPATCHER_H_
#define CPPICKLE_BY_VALUE_DISPATCHER_H_

#include <cstddef>
#include <memory>

#include "by_value/identities.h"
#include "caching/expansion_cache.h"
#include "core/bounded_sink.h"
#include "cpython/ref.h"
#include "identity/content_graph.h"
#include "identity/tracker.h"
#include "pickling/foreign_answers.h"
#include "stream/by_value_context.h"
#include "stream/stream_state.h"

namespace cppickle::pickling {
class Pickler;
}

namespace cppickle::by_value {

// Says which reducer writes an object, and whether by reference or by value.
class Dispatcher final : public stream::StreamState {
 public:
  Dispatcher(stream::ByValueContext& context, caching::ExpansionCache& cache)
      : stream::StreamState(context), cache_(cache) {}

  void save_function(pickling::Pickler& pickler, PyObject* function) override;
  void save_class(pickling::Pickler& pickler, PyObject* cls) override;
  bool try_save_inline(pickling::Pickler& pickler, PyObject* object) override;
  bool save_refused(pickling::Pickler& pickler, PyObject* object,
                    bool has_name) override;
  bool save_known_global(pickling::Pickler& pickler, PyObject* object) override;
  bool save_other(pickling::Pickler& pickler, PyObject* object) override;
  bool save_named(pickling::Pickler& pickler, PyObject* object, PyObject* module,
                  PyObject* qualname, bool is_found) override;
  void clear() override;
  // What foreign code has answered in the dump in progress.
  pickling::ForeignAnswers& answers() { return answers_; }
  // To be called when a dump ends, also by an error: nothing of the user's is kept but
  // what the memo keeps.
  void end_dump();
  identity::Identity identify(pickling::Pickler& pickler, PyObject* object) override;
  cpython::Ref token_of_entry(pickling::Pickler& pickler, PyObject* globals,
                              PyObject* name) override;

 private:
  class DigestWriter;
  struct Digesting;

  bool save_function_by_reference(pickling::Pickler& pickler, PyObject* function);
  bool save_class_by_reference(pickling::Pickler& pickler, PyObject* cls);
  bool try_save_function_inline(pickling::Pickler& pickler, PyObject* function);
  bool try_save_class_inline(pickling::Pickler& pickler, PyObject* cls);
  bool save_derived(pickling::Pickler& pickler, PyObject* object);

  Digesting& digesting();

  // What identities are found with, in a dump that has any.
  struct Digesting {
    Digesting(stream::ByValueContext& context, caching::ExpansionCache& cache)
        : identities(context.tracker(), cache) {}

    Identities identities;
    core::BoundedSink sink{kLongestText};
  };
  // Content that takes more does not count as determined: to hash it would take longer
  // than to send it.
  static constexpr std::size_t kLongestText = std::size_t{1} << 20;  // bytes

  caching::ExpansionCache& cache_;
  std::unique_ptr<Digesting> digesting_;  // of the dump in progress
  pickling::ForeignAnswers answers_;      // in it
};

}  // namespace cppickle::by_value

#endif  // CPPICKLE_BY_VALUE_DISPATCHER_H_
