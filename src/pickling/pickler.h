// Object graph -> bytes: the engine of a dump.
#ifndef CPPICKLE_PICKLING_PICKLER_H_
#define CPPICKLE_PICKLING_PICKLER_H_

#include <array>
#include <cstddef>
#include <source_location>
#include <string>
#include <unordered_set>

#include "core/emitter.h"
#include "core/opcode.h"
#include "cpython/borrow_scope.h"
#include "cpython/compat.h"
#include "cpython/datetimes.h"
#include "cpython/error.h"
#include "cpython/imported.h"
#include "cpython/names.h"
#include "cpython/ref.h"
#include "pickling/foreign_answers.h"
#include "pickling/hooks.h"
#include "pickling/instance_plans.h"
#include "pickling/instance_writer.h"
#include "pickling/memo.h"
#include "pickling/reducers.h"
#include "pickling/work_stack.h"

namespace cppickle::pickling {

class Script;

// One dump.  The stream of plain data equals that of the standard pickler at the same
// protocol.
//
// save() either writes an object whole or pushes a frame that does; run() drives the
// frames, so depth costs heap and never C stack.  Errors are thrown as ErrorSet, sinks'
// and std::bad_alloc pass through; afterwards the object can only be destroyed. Foreign
// code may re-enter other picklers, never this one.
// REQUIRES: whoever writes an object without save() asks commit_due_frame(),
// Script::object_begins() or Emitter::Run::at_object() first, for a frame of the format
// may end wherever the standard pickler calls save().
// Thread safety: requires the GIL.  One thread, one dump.
class Pickler {
 public:
  Pickler(const cpython::Imported& imported, InstancePlans& plans, Memo& memo,
          Reducers& reducers, core::Emitter& emitter, const Hooks& hooks)
      : imported_(imported),
        plans_(plans),
        memo_(memo),
        reducers_(reducers),
        emitter_(emitter),
        hooks_(hooks),
        may_borrow_keys_(!asks_for_ids() && !hooks.foreign_reducers &&
                         hooks.reducer_override == nullptr),
        may_use_leaf_writer_(!asks_for_ids() && !hooks.fast && emitter.binary() &&
                             emitter.protocol() >= 4) {}

  // Writes the whole stream of `root`.  On failure the error carries the path
  // (error_path.h).
  void dump(PyObject* root);
  // Writes the opcodes of `root` alone, without PROTO, frames and STOP, errors no path.
  void expand(PyObject* root);

  // --- For reducers: everything an object's expansion is made of -----------

  const cpython::Imported& imported() const { return imported_; }
  const cpython::Names& names() const { return imported_.names; }
  const Hooks& hooks() const { return hooks_; }
  InstancePlans& plans() { return plans_; }
  core::Emitter& emitter() { return emitter_; }
  Memo& memo() { return memo_; }
  Reducers& reducers() { return reducers_; }
  WorkStack& stack() { return stack_; }
  int protocol() const { return emitter_.protocol(); }
  // False in fast mode: a reducer then writes a whole form, without references to
  // anything before it.
  bool memoizing() const { return !hooks_.fast; }

  // Saves `object`, now or by frames pushed on the stack.  `object` need only be alive
  // during the call.
  void save(PyObject* object) {
    if (!on_fast_path()) [[unlikely]]
      return save_slow(object);
    save_now(object);
  }
  // Saves a value that needs no frame and runs no foreign code, of exact type int, str,
  // float, bool or None. False for others.  Looks at neither frames nor persistent ids.
  bool save_leaf(PyObject* object);
  // Saves a leaf, an object that is in the memo, or a global that is known to be
  // importable; false for others, of which nothing is written.
  bool try_save_inline(PyObject* object);
  // True when nothing but save_leaf() is needed for a leaf just now.
  bool on_fast_path() const { return !frame_is_due() && !asks_for_ids(); }
  // Bytes of an opcode and what follows, as encoded beforehand; no more than
  // kLongestFragment.
  // REQUIRES: whole opcodes that put nothing into the memo.
  void emit_fragment(std::string_view fragment) { emitter_.fragment(fragment); }
  static constexpr std::size_t kLongestFragment = 16 * 1024;
  class InlineScope;  // inline_scope.h
  // True for a value without parts that try_save_inline() writes.
  bool is_short_leaf(PyObject* object) const;
  // True for a short tuple of such values that try_save_inline() writes just now.
  bool is_inline_tuple(PyObject* tuple) const;
  // True when persistent_id has to be asked about every object, names of globals too.
  // Then nothing may be written beside save(): no fragments, no keys outside of the
  // memo, no direct scripts.
  bool asks_for_ids() const { return hooks_.persistent_id != nullptr; }
  // False when the dispatch table has no reducer for the type, as far as can be known.
  bool may_have_reducer(PyTypeObject* type);
  // Valid as long as no foreign code runs.
  InstancePlan& plan_for(PyTypeObject* type) { return plans_.plan_for(type); }
  // As GLOBAL, STACK_GLOBAL or EXT, unverified; memoizes `object`.
  void emit_global(PyObject* object, PyObject* module, PyObject* qualname);
  // Verified, under its own or the given qualified name.  Raises PicklingError.
  void save_global(PyObject* object, PyObject* name);
  // A reduce value as __reduce_ex__ answers it: str or tuple.  `object` may be null:
  // nothing is memoized.
  void save_reduce_value(PyObject* object, PyObject* reduce_value);

  // What foreign code answers for an object that travels by its reduce value: a hook, a
  // registered reducer or the object itself.  Runs it; empty for an object that the
  // engine writes natively.
  cpython::Ref reduce_value_of(PyObject* object);

  // callable(*arguments), memoized as `object`; the tuple gets into the memo too, as
  // the standard pickler has it.
  void save_as_call(PyObject* object, PyObject* callable, cpython::Ref arguments);

  // True when nobody's code takes part in how an object is written, and every object
  // has a place in the memo.
  bool hookless() const {
    return hooks_.persistent_id == nullptr && hooks_.reducer_override == nullptr &&
           !hooks_.fast && PyDict_GET_SIZE(imported_.extension_registry) == 0;
  }
  // True while the root is being saved, if nobody uses the memo later.
  bool nothing_follows() const { return hooks_.memo_is_dropped && stack_.empty(); }

  void op(core::Opcode code) { emitter_.op(code); }
  // Memoizes the object that is on top of the unpickler's stack.
  void memoize(PyObject* object) {
    if (memoizing()) emitter_.memoize(memo_.add(object));
  }
  // The same; false for one that got into the memo meanwhile, and takes its place.
  bool memoize_or_get(PyObject* object);
  // Memoizes what exists only in the stream.
  void memoize_anonymous() {
    if (memoizing()) emitter_.memoize(memo_.add_anonymous());
  }
  // Pushes `object` from the memo; false when it is not there.
  bool get(PyObject* object) {
    std::size_t index = memo_.find(object);
    if (index == Memo::kAbsent) return false;
    emitter_.get(index);
    return true;
  }
  // True when `object` is in the memo.
  bool is_memoized(PyObject* object) const {
    return memo_.find(object) != Memo::kAbsent;
  }

  // To be called before any code runs that is not the engine's own.
  // A re-entrancy point: attributes, hooks, write(), finalizers, __eq__, iterators may
  // come back.  After it sizes have to be read again; no borrowed pointer is valid.
  void before_foreign_code(
      const std::source_location& where = std::source_location::current()) {
    memo_.own_keys();
    cpython::note_foreign_code(where);
  }
  // To be called where plain data is likely to follow: lets the memo borrow its keys
  // again, unless frames on the stack hand out objects that nothing else holds.
  void before_plain_data() {
    if (!memo_.borrows_keys() && may_borrow_keys_ && !stack_.has_iterators())
      borrow_keys();
  }

  // Raises an error of the engine's own: its message will name the path.
  template <typename... Args>
  [[noreturn]] void fail(PyObject* type, const char* format, Args... args) {
    before_foreign_code();
    error_is_ours_ = true;
    cpython::raise_format(type, format, args...);
  }

 private:
  friend class NativeWriter;
  friend class Script;

  void borrow_keys();
  void run();
  void explain_recursion();
  void save_now(PyObject* object);
  void save_slow(PyObject* object);
  bool save_persistent(PyObject* object);
  bool frame_is_due() const { return emitter_.frame_is_due() && !keeps_frame_open_; }
  // True when the sink may run foreign code while the next `size` bytes are written.
  bool may_write_within(std::size_t size) const {
    return hooks_.foreign_sink && emitter_.frame_room() < size;
  }
  // For where the standard pickler saves what is written here without save().
  // REQUIRES: nothing is borrowed, or !may_write_within(1).
  void commit_due_frame() {
    if (frame_is_due()) emitter_.commit_frame();
  }
  bool is_written_through(PyObject* object) const;
  bool fits_frame(PyObject* tuple) const;
  bool is_short_bytes(PyObject* object) const;
  bool save_flat(PyObject* object);  // a leaf or short bytes, not written through
  void save_compound(PyObject* object);
  void save_object(PyObject* object);
  template <typename Ask>
  void save_reduction(PyObject* object, Ask ask);
  void save_refused(PyObject* object, bool has_answered);
  void save_by_state(PyObject* object);
  bool is_refusal() const;
  // Gives the next memo index to an object that is not in the memo.  `references`: how
  // many the engine itself holds beside the one of the container.
  std::size_t next_index(PyObject* object, Py_ssize_t references = 0) {
    bool unshared =
        memo_.borrows_keys() && cpython::has_references(object, references + 1);
    return unshared ? memo_.add_sole_reference(object) : memo_.add(object);
  }

  // instances.cc
  bool save_instance(PyObject* object, const InstancePlan& plan);
  void note_plain_type(PyTypeObject* type);
  bool save_registered(PyObject* object, PyObject* reducer);
  bool save_known_instance(PyObject* object, PlainType& plain);
  bool save_planned_instance(PyObject* object, const InstancePlan& plan);
  bool save_plain_instance(PyObject* object, const InstancePlan& plan);

  // datetimes.cc
  bool save_datetime(PyObject* object, cpython::DateTimeKind kind);
  bool save_datetime_type(PyTypeObject* type, cpython::DateTimeKind kind);
  void finish_datetime(PyObject* object, core::Opcode tuple);

  // atoms.cc
  void save_int(PyObject* object);
  void save_big_int(PyObject* object);
  void save_int_text(PyObject* object);
  void save_float(PyObject* object);
  void save_bool(bool value);
  void save_str(PyObject* object);
  void emit_str(PyObject* object);
  void save_bytes(PyObject* object);
  void save_bytearray(PyObject* object);
  void save_buffer(PyObject* object);
  void emit_buffer(PyObject* object, PyObject* owner, const Py_buffer& buffer);
  void emit_bytes(PyObject* object, PyObject* owner, const char* data, Py_ssize_t size);
  void emit_bytearray(PyObject* object, PyObject* owner, const char* data,
                      Py_ssize_t size);
  void save_str_text(PyObject* object);

  // containers.cc
  void save_list(PyObject* list);
  void save_tuple(PyObject* tuple);
  void save_dict(PyObject* dict);
  void save_set(PyObject* set);
  cpython::Ref reduction_for_order(PyObject* object);
  cpython::Ref ordered_items(PyObject* set);
  void order_reduced_set(PyObject* value);
  cpython::Ref listed(PyObject* set);
  Frame& push_set(Frame::Kind kind, PyObject* set);
  void save_frozenset(PyObject* set);
  // The entries of a dict that have been written.
  struct Entries {
    Py_ssize_t position = 0;  // PyDict_Next's
    std::size_t count = 0;
    PyObject* value = nullptr;  // the last one's, where it has not been written
  };
  std::size_t save_leaves(PyObject* const* items, std::size_t count);
  Entries begin_dict(PyObject* dict);
  void push_dict(PyObject* dict, const Entries& written);
  static bool is_whole(PyObject* dict, const Entries& written);
  Entries save_leaf_entries(PyObject* dict, Entries entries, std::size_t most);
  void begin_container(core::Opcode binary, core::Opcode text, PyObject* object);
  Frame& push_frame(Frame::Kind kind, PyObject* object);
  void pop_frame();
  void own_keys_before_pop();
  void step_list(Frame& frame);
  void step_list_singly(Frame& frame);
  PyObject* begin_list(PyObject* list);
  void end_single_lists();
  void step_tuple(Frame& frame);
  void step_dict(Frame& frame);
  void step_set(Frame& frame);
  void step_frozenset(Frame& frame);
  void close_tuple(PyObject* tuple);
  void close_dict_batch(Frame& frame);

  // iterators.cc
  void step_items(Frame& frame);
  void step_pairs(Frame& frame);
  cpython::Ref next_item(PyObject* iterator, bool pairs);
  cpython::Ref step_batch(Frame& frame, bool pairs, core::Opcode one,
                          core::Opcode many);
  void begin_batch(Frame& frame, bool pairs);

  // stand_ins.cc
  bool fill_stand_in(PyObject* dict);

  // script.cc
  void step_script(Frame& frame);
  void write_or_get(const Step& step);

  void save_state(PyObject* object, cpython::Ref dict);
  void step_state();
  void write_slots(Script& script, PyObject* object, const InstancePlan& plan,
                   PyObject* dict, std::size_t count);

  // globals.cc
  template <typename... Args>
  [[noreturn]] void fail_global(const char* format, Args... args);
  [[noreturn]] void fail_import(PyObject* object);
  void emit_nested_global(PyObject* object, PyObject* module, PyObject* qualname);
  void emit_attribute_chain(PyObject* object, PyObject* module, PyObject* qualname);
  bool emit_extension(PyObject* module, PyObject* qualname);
  void emit_text_global(PyObject* module, PyObject* qualname);

  // A script of an object has been pushed.
  void expansion_begins() {
    if (++expansions_ >= expansions_checked_) [[unlikely]]
      refuse_endless_reentry();
  }
  void refuse_endless_reentry();

  // reduce.cc
  template <typename Ask>
  cpython::Ref answer(PyObject* object, ForeignAnswers::Question question, Ask ask);
  cpython::Ref persistent_id_of(PyObject* object);
  cpython::Ref registered_reduction(PyObject* reducer, PyObject* object);
  cpython::Ref overriding_reduction(PyObject* object);
  cpython::Ref find_reduction(PyObject* object);
  void save_foreign_value(PyObject* object, PyObject* reduce_value);
  void save_foreign_state(PyObject* object, PyObject* state);
  void note_foreign_value(std::size_t depth);
  int asked_protocol() const {
    return hooks_.reduce_protocol >= 0 ? hooks_.reduce_protocol : protocol();
  }
  bool hides_reduce_ex(PyObject* object) const;
  bool is_asked_for_state(PyObject* object);
  cpython::Ref ask_for_reduction(PyObject* object);

  // dispatch_tables.cc
  PyObject* dispatch_table() const {
    return hooks_.dispatch_table != nullptr ? hooks_.dispatch_table
                                            : imported_.copyreg_dispatch_table;
  }
  bool add_tables(PyObject* table, int deepest);
  static constexpr std::size_t kMostTables = 8;
  bool has_flat_tables();
  bool has_plain_tables();
  bool find_plain_reducer(PyTypeObject* type, cpython::Ref& found);
  cpython::Ref registered_reducer(PyTypeObject* type);
  cpython::Ref look_up_reducer(PyTypeObject* type);
  cpython::Ref look_up_in_flat_tables(PyTypeObject* type);

  // So many reduce values inside of each other are looked at, then at each doubling.
  static constexpr std::size_t kManyReductions = 100'000;
  // And so many objects, for one among them that is inside of itself.
  static constexpr std::size_t kManyExpansions = 2'000;

  const cpython::Imported& imported_;
  InstancePlans& plans_;
  Memo& memo_;
  Reducers& reducers_;
  core::Emitter& emitter_;
  Hooks hooks_;
  bool may_borrow_keys_;
  bool may_use_leaf_writer_;  // in none of the modes that it does not know
  WorkStack stack_;
  // What was found last, which holds as long as the memo borrows its keys.
  PyTypeObject* unregistered_ = nullptr;  // a type without a reducer
  bool tables_are_known_ = false;
  bool tables_are_plain_ = false;
  std::array<PyObject*, kMostTables> tables_;  // the dicts of the dispatch table
  std::size_t table_count_ = 0;
  PlainTypes plain_types_;         // of instances that were written
  bool keeps_frame_open_ = false;  // see InlineScope
  bool error_is_ours_ = false;
  std::size_t reductions_ = 0;  // frames with a reduce value that foreign code gave
  std::size_t reductions_checked_ = kManyReductions;  // when they are looked at next
  std::size_t expansions_ = 0;  // frames with the script of an object
  std::size_t expansions_checked_ = kManyExpansions;
  std::size_t fast_nesting_ = 0;
  std::unordered_set<PyObject*> fast_in_progress_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_PICKLER_H_
