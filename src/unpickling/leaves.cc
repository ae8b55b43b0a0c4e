// The items that most streams consist of, read one after the other.
#include <algorithm>
#include <bit>
#include <cstring>

#include "cpython/building.h"
#include "cpython/error.h"
#include "unpickling/input.h"
#include "unpickling/unpickler.h"
#include "unpickling/value_stack.h"

namespace cppickle::unpickling {

using core::Opcode;

namespace {

template <typename Integer>
Integer read(const char* from) {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Where reading and pushing have come to.  In registers, as long as nobody else asks.
class Place {
 public:
  Place(Input& input, ValueStack& stack)
      : from(input.at_hand().data()),
        end(from + input.at_hand().size()),
        to(stack.next()),
        input_(input),
        stack_(stack),
        begin_(from),
        first_(to) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    input_.skip(static_cast<std::size_t>(from - begin_));
    stack_.advance(static_cast<std::size_t>(to - first_));
  }

  const char* from;
  const char* const end;
  PyObject** to;

 private:
  Input& input_;
  ValueStack& stack_;
  const char* const begin_;
  PyObject** const first_;
};

}  // namespace

// Takes items as long as they need the bytes at hand, the stack and the memo, and none
// of them is at fault.  What it leaves, step() reads: this knows a part of the format
// twice, for every second item of plain data is one of these.  No foreign code runs.
void Unpickler::load_leaves() {
  constexpr std::ptrdiff_t kLongest = 9;  // BINFLOAT
  std::size_t below = stack_.values_above_mark();
  Place place(input_, stack_);
  PyObject** const limit = place.to + stack_.room();
  PyObject** const fence = place.to - below;
  while (place.end - place.from >= kLongest && place.to != limit) {
    const char* argument = place.from + 1;
    std::size_t size = 0;
    PyObject* made = nullptr;
    auto opcode = static_cast<Opcode>(static_cast<std::uint8_t>(*place.from));
    switch (opcode) {
      case Opcode::NONE:
        made = Py_NewRef(Py_None);
        break;
      case Opcode::NEWTRUE:
        made = Py_NewRef(Py_True);
        break;
      case Opcode::NEWFALSE:
        made = Py_NewRef(Py_False);
        break;
      case Opcode::BININT1:
        made = PyLong_FromLong(read<std::uint8_t>(argument));
        size = 1;
        break;
      case Opcode::BININT2:
        made = PyLong_FromLong(read<std::uint16_t>(argument));
        size = 2;
        break;
      case Opcode::BININT:
        made = PyLong_FromLong(read<std::int32_t>(argument));
        size = 4;
        break;
      case Opcode::BINFLOAT:
        made = PyFloat_FromDouble(
            std::bit_cast<double>(__builtin_bswap64(read<std::uint64_t>(argument))));
        size = 8;
        break;
      case Opcode::SHORT_BINUNICODE: {
        std::size_t length = read<std::uint8_t>(argument);
        if (static_cast<std::size_t>(place.end - argument) <= length) return;
        made = cpython::str_from_utf8({argument + 1, length}).release();
        size = 1 + length;
        break;
      }
      case Opcode::SHORT_BINBYTES: {
        std::size_t length = read<std::uint8_t>(argument);
        if (static_cast<std::size_t>(place.end - argument) <= length) return;
        made = PyBytes_FromStringAndSize(argument + 1, static_cast<Py_ssize_t>(length));
        size = 1 + length;
        break;
      }
      case Opcode::EMPTY_TUPLE:
        made = Py_NewRef(imported_.empty_tuple);
        break;
      case Opcode::EMPTY_LIST:
        made = PyList_New(0);
        break;
      case Opcode::EMPTY_DICT:
        made = PyDict_New();
        break;
      case Opcode::TUPLE1:
      case Opcode::TUPLE2:
      case Opcode::TUPLE3: {
        auto count = static_cast<std::ptrdiff_t>(opcode) -
                     static_cast<std::ptrdiff_t>(Opcode::TUPLE1) + 1;
        if (place.to - fence < count) return;
        made =
            cpython::tuple_of_stolen(place.to - count, static_cast<std::size_t>(count))
                .release();
        place.to -= count;
        break;
      }
      case Opcode::MEMOIZE:
        if (place.to == fence) return;
        memo_.set(memo_.size(), place.to[-1]);
        ++place.from;
        continue;
      case Opcode::BINGET:
      case Opcode::LONG_BINGET: {
        bool is_short = opcode == Opcode::BINGET;
        made = memo_.find(is_short ? read<std::uint8_t>(argument)
                                   : read<std::uint32_t>(argument));
        if (made == nullptr) return;
        Py_INCREF(made);
        size = is_short ? 1 : 4;
        break;
      }
      default:
        return;
    }
    if (made == nullptr) [[unlikely]]
      throw cpython::ErrorSet{};
    *place.to++ = made;
    place.from = argument + size;
  }
}

}  // namespace cppickle::unpickling
