#include "unpickling/unpickler.h"

#include "core/encoding.h"
#include "cpython/error.h"

namespace cppickle::unpickling {

using core::Opcode;
using cpython::checked;
using cpython::Ref;

Ref Unpickler::load() {
  if (hooks_.protocol != nullptr) *hooks_.protocol = 0;
  input_.begin();
  input_.pause().begin();
  do {
    load_leaves();
  } while (step(static_cast<Opcode>(input_.opcode())));
  input_.finish();
  Ref loaded = pop();
  drop(0);
  return loaded;
}

// False at the end of the stream.
bool Unpickler::step(Opcode opcode) {
  switch (opcode) {
    case Opcode::STOP:
      return false;
    case Opcode::PROTO:
      return load_proto(), true;
    case Opcode::FRAME:
      return load_frame(), true;

    case Opcode::MARK:
      return stack_.push_mark(), true;
    case Opcode::POP:
      return pop_value_or_mark(), true;
    case Opcode::POP_MARK:
      return drop(take_mark()), true;
    case Opcode::DUP:
      return duplicate(), true;

    case Opcode::NONE:
      return push_borrowed(Py_None), true;
    case Opcode::NEWTRUE:
      return push_borrowed(Py_True), true;
    case Opcode::NEWFALSE:
      return push_borrowed(Py_False), true;
    case Opcode::BININT:
      return push_made(PyLong_FromLong(input_.fixed<std::int32_t>())), true;
    case Opcode::BININT1:
      return push_made(PyLong_FromLong(input_.fixed<std::uint8_t>())), true;
    case Opcode::BININT2:
      return push_made(PyLong_FromLong(input_.fixed<std::uint16_t>())), true;
    case Opcode::LONG1:
      return load_long(input_.fixed<std::uint8_t>()), true;
    case Opcode::LONG4:
      return load_long(input_.fixed<std::int32_t>()), true;
    case Opcode::BINFLOAT:
      return push_made(PyFloat_FromDouble(input_.real())), true;
    case Opcode::INT:
      return load_int_line(), true;
    case Opcode::LONG:
      return load_long_line(), true;
    case Opcode::FLOAT:
      return load_float_line(), true;

    case Opcode::SHORT_BINUNICODE:
      return load_text(input_.fixed<std::uint8_t>()), true;
    case Opcode::BINUNICODE:
      return load_text(input_.fixed<std::uint32_t>()), true;
    case Opcode::BINUNICODE8:
      return load_text(input_.fixed<std::uint64_t>()), true;
    case Opcode::SHORT_BINBYTES:
      return load_bytes(input_.fixed<std::uint8_t>()), true;
    case Opcode::BINBYTES:
      return load_bytes(input_.fixed<std::uint32_t>()), true;
    case Opcode::BINBYTES8:
      return load_bytes(input_.fixed<std::uint64_t>()), true;
    case Opcode::BYTEARRAY8:
      return load_bytearray(), true;
    case Opcode::UNICODE:
      return load_unicode_line(), true;
    case Opcode::STRING:
      return load_string_line(), true;
    case Opcode::SHORT_BINSTRING:
      return load_old_string(input_.fixed<std::uint8_t>()), true;
    case Opcode::BINSTRING:
      return load_old_string(input_.fixed<std::int32_t>()), true;

    case Opcode::MEMOIZE:
      return memoize(memo_.size()), true;
    case Opcode::BINPUT:
      return memoize(input_.fixed<std::uint8_t>()), true;
    case Opcode::LONG_BINPUT:
      return memoize(input_.fixed<std::uint32_t>()), true;
    case Opcode::PUT:
      return put_line(), true;
    case Opcode::BINGET:
      return get(input_.fixed<std::uint8_t>()), true;
    case Opcode::LONG_BINGET:
      return get(input_.fixed<std::uint32_t>()), true;
    case Opcode::GET:
      return get_line(), true;

    case Opcode::EMPTY_TUPLE:
      return push_borrowed(imported_.empty_tuple), true;
    case Opcode::TUPLE1:
      return load_tuple(1), true;
    case Opcode::TUPLE2:
      return load_tuple(2), true;
    case Opcode::TUPLE3:
      return load_tuple(3), true;
    case Opcode::TUPLE: {
      std::size_t mark = take_mark();
      return load_tuple(stack_.size() - mark), true;
    }
    case Opcode::EMPTY_LIST:
      return push_made(PyList_New(0)), true;
    case Opcode::LIST:
      return load_list(take_mark()), true;
    case Opcode::APPEND:
      return require(2), append_from(stack_.size() - 1), true;
    case Opcode::APPENDS:
      return append_from(take_mark()), true;
    case Opcode::EMPTY_DICT:
      return push_made(PyDict_New()), true;
    case Opcode::DICT:
      return load_dict(take_mark()), true;
    case Opcode::SETITEM:
      return require(2), set_items_from(stack_.size() - 2), true;
    case Opcode::SETITEMS:
      return set_items_from(take_mark()), true;
    case Opcode::EMPTY_SET:
      return push_made(PySet_New(nullptr)), true;
    case Opcode::ADDITEMS:
      return add_from(take_mark()), true;
    case Opcode::FROZENSET:
      return load_frozenset(take_mark()), true;

    case Opcode::GLOBAL:
      return load_global_lines(), true;
    case Opcode::STACK_GLOBAL:
      return load_stack_global(), true;
    case Opcode::EXT1:
      return load_extension(input_.fixed<std::uint8_t>()), true;
    case Opcode::EXT2:
      return load_extension(input_.fixed<std::uint16_t>()), true;
    case Opcode::EXT4:
      return load_extension(input_.fixed<std::int32_t>()), true;
    case Opcode::REDUCE:
      return load_reduce(), true;
    case Opcode::NEWOBJ:
      return load_newobj(false), true;
    case Opcode::NEWOBJ_EX:
      return load_newobj(true), true;
    case Opcode::OBJ:
      return load_obj(), true;
    case Opcode::INST:
      return load_inst(), true;
    case Opcode::BUILD:
      return build(), true;
    case Opcode::PERSID:
      return load_persistent_line(), true;
    case Opcode::BINPERSID:
      return load_persistent(), true;
    case Opcode::NEXT_BUFFER:
      return load_next_buffer(), true;
    case Opcode::READONLY_BUFFER:
      return load_readonly_buffer(), true;
  }
  raise_unknown(opcode);
}

void Unpickler::raise_unknown(Opcode opcode) const {
  auto byte = static_cast<int>(opcode);
  bool is_printed = byte >= 0x20 && byte <= 0x7e && byte != '\'' && byte != '\\';
  // The C API's format knows no width with a leading zero.
  constexpr char kDigits[] = "0123456789abcdef";
  if (is_printed) {
    cpython::raise_format(imported_.unpickling_error, "invalid load key, '%c'.", byte);
  }
  cpython::raise_format(imported_.unpickling_error, "invalid load key, '\\x%c%c'.",
                        kDigits[byte >> 4], kDigits[byte & 15]);
}

void Unpickler::raise_error(const char* message) const {
  cpython::raise(imported_.unpickling_error, message);
}

// --- Operands ------------------------------------------------------------------------

void Unpickler::raise_underflow() const {
  raise_error(stack_.has_marks() ? "unexpected MARK found"
                                 : "unpickling stack underflow");
}

std::size_t Unpickler::take_mark() {
  if (!stack_.has_marks()) raise_error("could not find MARK");
  return stack_.pop_mark();
}

// The place of the container that takes the values from `index` on.
std::size_t Unpickler::container_below(std::size_t index) const {
  std::size_t operands = stack_.size() - index + 1;
  require(operands);
  return index - 1;
}

Ref Unpickler::pop() {
  require(1);
  return stack_.pop();
}

// Drops values: their finalizers may run anything.
void Unpickler::drop(std::size_t index) {
  ForeignCode scope(*this);
  stack_.drop(index);
}

void Unpickler::pop_value_or_mark() {
  if (stack_.has_marks() && stack_.values_above_mark() == 0) {
    stack_.pop_mark();
    return;
  }
  require(1);
  drop(stack_.size() - 1);
}

void Unpickler::duplicate() {
  require(1);
  push_borrowed(stack_.top());
}

}  // namespace cppickle::unpickling
