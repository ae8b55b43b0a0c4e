// The text of strings, as marshal tells strings apart.
#ifndef CPPICKLE_BYTECODE_MARSHAL_TEXT_H_
#define CPPICKLE_BYTECODE_MARSHAL_TEXT_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::bytecode {

// A str's text in UTF-8, and what keeps it alive.
struct Text {
  std::string_view utf8;
  bool ascii;
  cpython::Ref owner;
};

inline Text text_of(PyObject* str) {
  if (PyUnicode_IS_COMPACT_ASCII(str)) {
    auto data = reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(str));
    return {{data, static_cast<std::size_t>(PyUnicode_GET_LENGTH(str))},
            true,
            cpython::Ref()};
  }
  cpython::Ref encoded =
      cpython::checked(PyUnicode_AsEncodedString(str, "utf-8", "surrogatepass"));
  return {cpython::bytes_view(encoded.get()), false, std::move(encoded)};
}

constexpr std::array<bool, 256> name_characters() {
  std::array<bool, 256> is_name{};
  for (char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789_")) {
    is_name[static_cast<std::uint8_t>(c)] = true;
  }
  return is_name;
}

// True for the constants that the interpreter interns when it makes a code object.  (It
// interns all names, too.)
inline bool looks_like_name(std::string_view text) {
  static constexpr std::array<bool, 256> kIsName = name_characters();
  return std::ranges::all_of(
      text, [](char c) { return kIsName[static_cast<std::uint8_t>(c)]; });
}

}  // namespace cppickle::bytecode

#endif  // CPPICKLE_BYTECODE_MARSHAL_TEXT_H_
