#include "core/scanner.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/cursor.h"
#include "core/text_argument.h"

namespace cppickle::core {
namespace {

// What is known of an object: its text, when it is a plain string.
struct Value {
  Opcode opcode = Opcode::NONE;
  std::string_view argument;

  std::optional<std::string> text() const {
    if (!pushes_text(opcode)) return {};
    return decode_text(opcode, argument);
  }
};

// Index -> object.  A stream may choose any index; almost all count up from 0.
class Memo {
 public:
  std::size_t size() const { return dense_.size() + sparse_.size(); }
  void set(std::uint64_t index, const Value& value) {
    if (index > dense_.size()) {
      sparse_[index] = value;
    } else if (index < dense_.size()) {
      dense_[static_cast<std::size_t>(index)] = value;
    } else {
      dense_.push_back(value);
      sparse_.erase(index);
    }
  }
  const Value* find(std::uint64_t index) const {
    if (index < dense_.size()) return &dense_[static_cast<std::size_t>(index)];
    auto found = sparse_.find(index);
    return found == sparse_.end() ? nullptr : &found->second;
  }

 private:
  std::vector<Value> dense_;
  std::unordered_map<std::uint64_t, Value> sparse_;
};

class Walk {
 public:
  explicit Walk(std::string_view stream) : stream_(stream), cursor_(stream) {}

  Scan run();

 private:
  void note(const Item& item);
  Fault check_frame(const Item& item);
  Fault begin_frame(const Item& item);
  Fault step(const Item& item);

  // Operands.
  std::size_t values_above_mark() const {
    return stack_.size() - (marks_.empty() ? 0 : marks_.back());
  }
  Fault push(Value value = {});
  Fault replace(std::size_t operands, std::size_t popped, std::size_t pushed);
  Fault pop();
  Fault duplicate();
  // Opcodes that take all values above the mark.
  Fault take_to_mark(std::size_t& count);
  Fault collapse();
  Fault collapse_pairs();
  Fault add_to_container();
  Fault add_pairs_to_container();
  Fault call_above_mark();
  // Memo.
  Fault put(std::uint64_t index);
  Fault get(std::uint64_t index);
  Fault with_index(std::string_view text, Fault (Walk::*use)(std::uint64_t));
  // Names.
  Fault name_global(const Item& item);
  Fault name_instance(const Item& item);
  Fault name_stack_global(const Item& item);
  Fault name_extension(const Item& item);

  std::string_view stream_;
  Cursor cursor_;
  std::size_t frame_end_ = 0;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  Memo memo_;
  Scan result_;
};

Scan Walk::run() {
  Item item;
  do {
    result_.fault = cursor_.next(item);
    if (result_.fault == Fault::kNone) result_.fault = check_frame(item);
    if (result_.fault == Fault::kNone) result_.fault = step(item);
    if (result_.fault != Fault::kNone) {
      result_.position = item.position;
      return std::move(result_);
    }
    note(item);
  } while (item.opcode != Opcode::STOP);
  result_.position = cursor_.position();
  return std::move(result_);
}

void Walk::note(const Item& item) {
  auto byte = static_cast<std::uint8_t>(item.opcode);
  ++result_.counts[byte];
  result_.needed_protocol =
      std::max(result_.needed_protocol, opcode_info(byte)->protocol);
}

// --- Frames ------------------------------------------------------------------------

Fault Walk::check_frame(const Item& item) {
  if (item.position >= frame_end_) return Fault::kNone;
  if (cursor_.position() > frame_end_) return Fault::kFrameStraddled;
  bool ends_here = cursor_.position() == frame_end_;
  return item.opcode == Opcode::FRAME && !ends_here ? Fault::kFrameInFrame
                                                    : Fault::kNone;
}

Fault Walk::begin_frame(const Item& item) {
  if (item.length > stream_.size() - cursor_.position()) return Fault::kFrameTooLong;
  frame_end_ = cursor_.position() + static_cast<std::size_t>(item.length);
  return Fault::kNone;
}

// --- Items -------------------------------------------------------------------------

Fault Walk::step(const Item& item) {
  switch (item.opcode) {
    case Opcode::PROTO:
      if (item.integer > kHighestProtocol) return Fault::kUnknownProtocol;
      result_.protocol = static_cast<int>(item.integer);
      return Fault::kNone;
    case Opcode::FRAME:
      return begin_frame(item);
    case Opcode::STOP:
      return replace(1, 1, 0);

    case Opcode::MARK:
      marks_.push_back(stack_.size());
      return Fault::kNone;
    case Opcode::POP:
      return pop();
    case Opcode::POP_MARK: {
      std::size_t count;
      return take_to_mark(count);
    }
    case Opcode::DUP:
      return duplicate();

    case Opcode::LIST:
    case Opcode::TUPLE:
    case Opcode::FROZENSET:
      return collapse();
    case Opcode::DICT:
      return collapse_pairs();
    case Opcode::APPENDS:
    case Opcode::ADDITEMS:
      return add_to_container();
    case Opcode::SETITEMS:
      return add_pairs_to_container();
    case Opcode::OBJ:
      return call_above_mark();
    case Opcode::INST:
      return name_instance(item);

    case Opcode::APPEND:
    case Opcode::BUILD:
      return replace(2, 1, 0);
    case Opcode::SETITEM:
      return replace(3, 2, 0);
    case Opcode::TUPLE1:
    case Opcode::BINPERSID:
    case Opcode::READONLY_BUFFER:
      return replace(1, 1, 1);
    case Opcode::TUPLE2:
    case Opcode::REDUCE:
    case Opcode::NEWOBJ:
      return replace(2, 2, 1);
    case Opcode::TUPLE3:
    case Opcode::NEWOBJ_EX:
      return replace(3, 3, 1);

    case Opcode::MEMOIZE:
      return put(memo_.size());
    case Opcode::BINPUT:
    case Opcode::LONG_BINPUT:
      return put(static_cast<std::uint64_t>(item.integer));
    case Opcode::PUT:
      return with_index(item.text, &Walk::put);
    case Opcode::BINGET:
    case Opcode::LONG_BINGET:
      return get(static_cast<std::uint64_t>(item.integer));
    case Opcode::GET:
      return with_index(item.text, &Walk::get);

    case Opcode::GLOBAL:
      return name_global(item);
    case Opcode::STACK_GLOBAL:
      return name_stack_global(item);
    case Opcode::EXT1:
    case Opcode::EXT2:
    case Opcode::EXT4:
      return name_extension(item);

    default:  // all others push one object that their argument describes
      return push({item.opcode, item.text});
  }
}

// --- Operands ----------------------------------------------------------------------

Fault Walk::push(Value value) {
  stack_.push_back(value);
  return Fault::kNone;
}

Fault Walk::replace(std::size_t operands, std::size_t popped, std::size_t pushed) {
  if (values_above_mark() < operands) return Fault::kStackUnderflow;
  stack_.resize(stack_.size() - popped);
  stack_.resize(stack_.size() + pushed);
  return Fault::kNone;
}

// Takes a mark, too, when that is on top.
Fault Walk::pop() {
  if (marks_.empty() || values_above_mark() != 0) return replace(1, 1, 0);
  marks_.pop_back();
  return Fault::kNone;
}

Fault Walk::duplicate() {
  if (values_above_mark() == 0) return Fault::kStackUnderflow;
  return push(Value(stack_.back()));
}

Fault Walk::take_to_mark(std::size_t& count) {
  if (marks_.empty()) return Fault::kNoMark;
  count = values_above_mark();
  stack_.resize(marks_.back());
  marks_.pop_back();
  return Fault::kNone;
}

Fault Walk::collapse() {
  std::size_t count;
  Fault fault = take_to_mark(count);
  return fault == Fault::kNone ? push() : fault;
}

Fault Walk::collapse_pairs() {
  std::size_t count;
  Fault fault = take_to_mark(count);
  if (fault != Fault::kNone) return fault;
  return count % 2 == 0 ? push() : Fault::kOddItems;
}

Fault Walk::add_to_container() {
  std::size_t count;
  Fault fault = take_to_mark(count);
  return fault == Fault::kNone ? replace(1, 0, 0) : fault;
}

Fault Walk::add_pairs_to_container() {
  std::size_t count;
  Fault fault = take_to_mark(count);
  if (fault != Fault::kNone) return fault;
  return count % 2 == 0 ? replace(1, 0, 0) : Fault::kOddItems;
}

// OBJ: a class and its arguments.
Fault Walk::call_above_mark() {
  std::size_t count;
  Fault fault = take_to_mark(count);
  if (fault != Fault::kNone) return fault;
  return count == 0 ? Fault::kStackUnderflow : push();
}

// --- Memo --------------------------------------------------------------------------

Fault Walk::put(std::uint64_t index) {
  if (values_above_mark() == 0) return Fault::kStackUnderflow;
  memo_.set(index, stack_.back());
  return Fault::kNone;
}

Fault Walk::get(std::uint64_t index) {
  const Value* value = memo_.find(index);
  return value == nullptr ? Fault::kNotInMemo : push(*value);
}

Fault Walk::with_index(std::string_view text, Fault (Walk::*use)(std::uint64_t)) {
  std::uint64_t index = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, index);
  if (error != std::errc() || stop != end) return Fault::kBadNumber;
  return (this->*use)(index);
}

// --- Names -------------------------------------------------------------------------

Fault Walk::name_global(const Item& item) {
  std::optional<std::string> module = decode_text(item.opcode, item.text);
  std::optional<std::string> name = decode_text(item.opcode, item.second);
  if (!module || !name) return Fault::kBadText;
  result_.globals.push_back({item.position, item.opcode, true, *module, *name});
  return push();
}

// INST: a class, and its arguments above the mark.
Fault Walk::name_instance(const Item& item) {
  std::size_t count;
  Fault fault = take_to_mark(count);
  return fault == Fault::kNone ? name_global(item) : fault;
}

Fault Walk::name_stack_global(const Item& item) {
  if (values_above_mark() < 2) return Fault::kStackUnderflow;
  std::optional<std::string> module = stack_[stack_.size() - 2].text();
  std::optional<std::string> name = stack_.back().text();
  bool known = module && name;
  if (!known) module = name = "";
  result_.globals.push_back({item.position, item.opcode, known, *module, *name});
  return replace(2, 2, 1);
}

Fault Walk::name_extension(const Item& item) {
  if (item.integer <= 0) return Fault::kBadExtension;
  result_.extensions.push_back(
      {item.position, static_cast<std::int32_t>(item.integer)});
  return push();
}

}  // namespace

Scan scan(std::string_view stream) { return Walk(stream).run(); }

}  // namespace cppickle::core
