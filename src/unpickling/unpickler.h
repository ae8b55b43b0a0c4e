// Bytes -> objects: the stack machine of the pickle format.
#ifndef CPPICKLE_UNPICKLING_UNPICKLER_H_
#define CPPICKLE_UNPICKLING_UNPICKLER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/imported.h"
#include "cpython/ref.h"
#include "unpickling/code_cache.h"
#include "unpickling/input.h"
#include "unpickling/interned_names.h"
#include "unpickling/object_table.h"
#include "unpickling/value_stack.h"

namespace cppickle::unpickling {

// What a load asks of its caller; all borrowed.
struct LoadHooks {
  PyObject* find_class_of = nullptr;  // has the method find_class; null: find_global()
  PyObject* persistent_load = nullptr;  // null: there is none
  PyObject* buffers = nullptr;          // an iterator; null: none were given
  const char* encoding = "ASCII";       // of Python 2's strings; "bytes": leave them
  const char* errors = "strict";
  bool fix_imports = true;
  int* protocol =
      nullptr;  // where what PROTO says is to be seen by find_class; or null
};

// Loads one stream.
//
// Foreign code runs wherever a stream calls something, asks a key for its hash, drops
// an object or reads a file; it meets neither the stack nor this.  The memo is the
// caller's, and nobody else may touch it meanwhile. The garbage collector rests while
// plain objects are made, and runs as it did before while foreign code does. Throws
// ErrorSet.  Thread safety: none.
class Unpickler {
 public:
  Unpickler(const cpython::Imported& imported, CodeCache& codes, Input& input,
            ObjectTable& memo, const LoadHooks& hooks)
      : imported_(imported), codes_(codes), input_(input), memo_(memo), hooks_(hooks) {}
  Unpickler(const Unpickler&) = delete;
  Unpickler& operator=(const Unpickler&) = delete;
  // The collector runs again before the stack is dropped.
  ~Unpickler() { input_.pause().end(); }

  cpython::Ref load();

 private:
  // For where foreign code may run.
  class ForeignCode : cpython::CollectorPause::Lifted {
   public:
    explicit ForeignCode(Unpickler& unpickler) : Lifted(unpickler.input_.pause()) {}
  };

  // Leaves: leaves.cc.
  void load_leaves();

  bool step(core::Opcode opcode);
  [[noreturn]] void raise_unknown(core::Opcode opcode) const;
  [[noreturn]] void raise_error(const char* message) const;

  // Operands.
  [[noreturn]] void raise_underflow() const;
  [[gnu::always_inline]] void require(std::size_t operands) const {
    if (stack_.values_above_mark() < operands) [[unlikely]]
      raise_underflow();
  }
  std::size_t take_mark();
  std::size_t container_below(std::size_t index) const;
  cpython::Ref pop();
  void push(cpython::Ref value) { stack_.push(std::move(value)); }
  [[gnu::always_inline]] void push_made(PyObject* made) { stack_.push_made(made); }
  [[gnu::always_inline]] void push_borrowed(PyObject* value) {
    stack_.push(cpython::Ref::borrow(value));
  }
  void drop(std::size_t index);
  void pop_value_or_mark();
  void duplicate();

  // Numbers and text: atoms.cc.
  void load_proto();
  void load_frame();
  void load_int_line();
  void load_long_line();
  void load_float_line();
  void load_long(std::int64_t size);
  void load_text(std::uint64_t size);
  void load_bytes(std::uint64_t size);
  void load_bytearray();
  void load_unicode_line();
  void load_string_line();
  void load_old_string(std::int64_t size);
  cpython::Ref decoded(std::string_view bytes) const;
  const char* line_with_end();
  void check_count(std::uint64_t size, const char* opcode, PyObject* error) const;

  // The memo: atoms.cc.
  [[gnu::always_inline]] void memoize(std::uint64_t index) {
    require(1);
    memo_.set(index, stack_.top());
  }
  void put_line();
  void get(std::uint64_t index);
  void get_line();

  // Containers: containers.cc.
  void load_tuple(std::size_t count);
  void load_list(std::size_t mark);
  void load_dict(std::size_t mark);
  void load_frozenset(std::size_t mark);
  void append_from(std::size_t index);
  void append_with_methods(PyObject* list, std::size_t index);
  void set_items_from(std::size_t index);
  void set_item(PyObject* container, bool is_dict, std::size_t index);
  void add_from(std::size_t index);
  void check_key(PyObject* key) const;

  // Objects: objects.cc.
  void load_global(cpython::Ref module, cpython::Ref name);
  cpython::Ref found_class(PyObject* module, PyObject* name);
  void load_global_lines();
  void load_stack_global();
  void load_extension(std::int64_t code);
  void load_reduce();
  void load_newobj(bool has_keywords);
  void load_obj();
  void load_inst();
  cpython::Ref instantiated(PyObject* cls, PyObject* arguments);
  void load_persistent_line();
  void load_persistent();
  void load_next_buffer();
  void load_readonly_buffer();

  // State: state.cc.
  void build();
  bool build_plain(PyObject* object, PyObject* state);
  void build_default(PyObject* object, PyObject* state);
  void update_dict(PyObject* object, PyObject* state);

  const cpython::Imported& imported_;
  CodeCache& codes_;
  Input& input_;
  ObjectTable& memo_;
  const LoadHooks& hooks_;
  ValueStack stack_;
  InternedNames attribute_names_;
  int protocol_ = 0;
  std::string line_;  // of a number, with its end
};

}  // namespace cppickle::unpickling

#endif  // CPPICKLE_UNPICKLING_UNPICKLER_H_
