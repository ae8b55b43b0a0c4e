// What the by-value reducers know of the streams of one memo.
#ifndef CPPICKLE_STREAM_STREAM_STATE_H_
#define CPPICKLE_STREAM_STREAM_STATE_H_

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cpython/identity_map.h"
#include "cpython/names.h"
#include "cpython/reads.h"
#include "cpython/ref.h"
#include "identity/content_graph.h"
#include "identity/tracker.h"
#include "pickling/pickler.h"
#include "pickling/reducers.h"
#include "pickling/script.h"
#include "policy/module_members.h"
#include "policy/policy.h"
#include "stream/by_value_context.h"
#include "stream/options.h"

namespace cppickle::stream {

// True for the globals of a module that is loaded under its name, __main__ for one, and
// for those of the process that started this one (python/cppickle/_namespaces.py).
bool is_home_namespace(PyObject* globals, const cpython::Names& names);

// A globals dict as it is rebuilt on the other side, where only referenced names
// arrive.
struct Namespace {
  cpython::Ref globals;   // the sender's dict
  cpython::Ref memo_key;  // the memo's key for the rebuilt dict
  cpython::Ref
      module;  // the memo's key for the dynamic module whose dict it is, if any
  cpython::Ref module_name;  // when that was met first: `globals` may drop it
  bool is_whole = false;     // that module travels, with all its names
  bool is_shared = false;    // see Namespaces::kShared
  // What to compare values by that are sent to a shared one, by name.
  std::unordered_map<PyObject*, cpython::Ref> tokens;
  // Interned names that have been sent, and their owner: `globals` may drop them.
  cpython::IdentityMap sent{std::pmr::get_default_resource()};
  std::vector<cpython::Ref> names;

  // False when the name has been sent before.
  bool note_sent(PyObject* name) {
    if (!sent.add(name, 0)) return false;
    names.push_back(cpython::Ref::borrow(name));
    return true;
  }
  bool has_sent(PyObject* name) const { return sent.find(name) != nullptr; }
};

// What records the expansion that is being written (expansion_cache.h).
class RecordingInProgress {
 public:
  RecordingInProgress() = default;
  RecordingInProgress(const RecordingInProgress&) = delete;
  RecordingInProgress& operator=(const RecordingInProgress&) = delete;
  virtual ~RecordingInProgress();
};

// What is known of the text of a digest while it is being written.
struct DigestText {
  PyObject* root;  // the class or type variable that it is of, or null
  std::vector<identity::NodeKey> edges;
  std::size_t shape_size = 0;  // bytes
  std::size_t shape_edges = 0;
  bool entries_are_names = false;  // of globals: their values do not count
};

// What has been written by value into the streams of one memo.  The dispatcher
// (dispatcher.h) derives from it: that is what says which reducer an object has.
// REQUIRES: one memo, with which it is cleared.  What is noted here (namespaces,
// classes, the guard) refers to keys of that memo.
// Thread safety: requires the GIL.
class StreamState : public pickling::Reducers {
 public:
  explicit StreamState(ByValueContext& context) : context_(context) {}

  void clear() override;
  int traverse(visitproc visit, void* arg) const override;

  ByValueContext& context() { return context_; }
  // Those of the dump in progress.
  const Options& options() const { return options_; }
  void use(const Options& options) { options_ = options; }
  static StreamState& of(pickling::Pickler& pickler) {
    return static_cast<StreamState&>(pickler.reducers());
  }

  // True when save_class() would write the class by value.
  bool travels_by_value(pickling::Pickler& pickler, PyObject* cls) override;
  // Saves an object under its module's name and the one that the attribute gives; false
  // when an import does not find it there.
  bool save_under_own_name(pickling::Pickler& pickler, PyObject* object,
                           PyObject* name_attribute);
  // See module_members.h.
  policy::GlobalName name_of_member(PyObject* object,
                                    policy::ModuleMembers::Kind kind) {
    cpython::note_read(cpython::Read::kVerdict, object);
    return context_.module_members().name_of(object, kind, may_read_modules_);
  }
  // Looks for new modules of the standard library, once for each memo.
  void scan_new_modules();

  // --- Identities -------------------------------------------------------------

  // The id of a class or type variable that is going to be written by value, and the
  // token of its present state.  Runs foreign code.
  virtual identity::Identity identify(pickling::Pickler& pickler, PyObject* object) = 0;

  // The token of the entry `name` of a globals dict: of its own content, where other
  // entries count as their names and classes as their ids.  Runs foreign code.
  virtual cpython::Ref token_of_entry(pickling::Pickler& pickler, PyObject* globals,
                                      PyObject* name) = 0;

  // From now on what is written is the text of a digest (content_graph.h), in which
  // other classes and type variables are edges.
  void write_digest(DigestText& text);
  bool writes_digest() const { return digest_ != nullptr; }
  bool writes_names_of_entries() const {
    return writes_digest() && digest_->entries_are_names;
  }
  // Writes an edge in the place of a class or type variable by value; false when it has
  // to be written out: in streams, and what the digest is of.
  bool save_as_edge(pickling::Pickler& pickler, PyObject* object);
  // The same in the place of the entry `name` of a globals dict.
  void write_entry_edge(pickling::Script& script, PyObject* globals, PyObject* name);
  // What has been written so far cannot be changed of an object that exists: its bases,
  // which count as the objects that they are, and then what counts by its text alone.
  void end_bases(pickling::Script& script);
  void end_shape(pickling::Script& script);

  // --- Cached expansions (expansion_cache.h) ---------------------------------

  // True before anything has been written by value.
  bool is_fresh() const { return namespaces_.empty() && !guarded_ && !in_progress_; }
  void begin_recording(std::unique_ptr<RecordingInProgress> recording) {
    in_progress_ = std::move(recording);
  }
  std::unique_ptr<RecordingInProgress> end_recording() {
    return std::move(in_progress_);
  }
  const std::vector<std::unique_ptr<Namespace>>& namespaces() const {
    return namespaces_;
  }
  const std::unordered_map<PyObject*, cpython::Ref>& classes() const {
    return classes_;
  }
  // The names for which imports_first_time() has been asked.
  std::vector<cpython::Ref> imported_modules() const;
  // Which of the namespaces has this key in the memo.
  std::optional<std::size_t> namespace_place(PyObject* memo_key) const;
  void restore_namespace(PyObject* globals, const std::vector<cpython::Ref>& sent);

  // --- What the stream knows already ------------------------------------------

  // The namespace of a globals dict, made on the first call.
  Namespace& namespace_of(PyObject* globals);
  // Notes that the class has been written; and finds the class whose own namespace this
  // is, a dict or a proxy of it: annotations refer to it.  Null for other objects.
  void note_class(PyObject* cls);
  PyObject* class_with_namespace(PyObject* object) const;
  // True on the first call for this name in this memo.
  bool imports_first_time(PyObject* module_name);
  // Something else guards what follows in the stream.
  void note_guard() { guarded_ = true; }
  // True on the first call: the version guard is due.
  bool guard_is_due(bool memoizing) {
    return !std::exchange(guarded_, memoizing) || !memoizing;
  }

 private:
  ByValueContext& context_;
  Options options_;
  bool has_scanned_modules_ = false;
  bool may_read_modules_ = true;  // for name_of_member()
  bool guarded_ = false;
  std::vector<std::unique_ptr<Namespace>> namespaces_;
  std::unordered_map<PyObject*, Namespace*> namespace_index_;  // once they are many
  std::unordered_map<PyObject*, cpython::Ref> classes_;        // by their namespaces
  cpython::Ref imported_modules_;                              // a set of names
  std::unique_ptr<RecordingInProgress> in_progress_;
  DigestText* digest_ = nullptr;
};

}  // namespace cppickle::stream

#endif  // CPPICKLE_STREAM_STREAM_STATE_H_
