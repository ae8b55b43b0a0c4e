#include "core/text_argument.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace cppickle::core {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
}

// The length of the UTF-8 sequence that `text` begins with, or 0.  Surrogates pass, as
// they do in the unpickler.
std::size_t sequence_length(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  bool beyond_unicode = lead == 0xf4 && byte(1) > 0x8f;
  return overlong || beyond_unicode ? 0 : length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void append_utf8(std::string& out, std::uint32_t c) {
  auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

// Takes up to `most` digits of `base` from the front of `text`; answers how many there
// were.
std::size_t take_digits(std::string_view& text, std::uint32_t base, std::size_t most,
                        std::uint32_t& value) {
  std::size_t count = 0;
  value = 0;
  for (; count < most && !text.empty(); ++count, text.remove_prefix(1)) {
    std::size_t digit =
        std::string_view("0123456789abcdef")
            .find(static_cast<char>(text[0] >= 'A' && text[0] <= 'F' ? text[0] + 32
                                                                     : text[0]));
    if (digit >= base) break;
    value = value * base + static_cast<std::uint32_t>(digit);
  }
  return count;
}

// UNICODE: Latin-1 with \uXXXX and \UXXXXXXXX; other backslashes stand for themselves,
// two at a time.
std::optional<std::string> raw_unicode_unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char c = text[0];
    text.remove_prefix(1);
    append_utf8(out, static_cast<std::uint8_t>(c));
    if (c != '\\' || text.empty()) continue;
    char kind = text[0];
    text.remove_prefix(1);
    if (kind != 'u' && kind != 'U') {
      append_utf8(out, static_cast<std::uint8_t>(kind));
      continue;
    }
    std::size_t digits = kind == 'u' ? 4 : 8;
    std::uint32_t value;
    if (take_digits(text, 16, digits, value) != digits || value > 0x10ffff) return {};
    out.pop_back();
    append_utf8(out, value);
  }
  return out;
}

// One escape of a quoted string, behind its backslash.  Answers false when it is
// malformed.
bool append_unescaped(std::string& out, std::string_view& text) {
  constexpr std::string_view kNames = "\\'\"abfnrtv";
  constexpr std::string_view kValues = "\\'\"\a\b\f\n\r\t\v";
  std::uint32_t value;
  if (take_digits(text, 8, 3, value) != 0) {
    out.push_back(static_cast<char>(value));
    return true;
  }
  char kind = text[0];
  text.remove_prefix(1);
  if (kind == 'x') {
    if (take_digits(text, 16, 2, value) != 2) return false;
    out.push_back(static_cast<char>(value));
  } else if (std::size_t i = kNames.find(kind); i != kNames.npos) {
    out.push_back(kValues[i]);
  } else {
    out.push_back('\\');
    out.push_back(kind);
  }
  return true;
}

// STRING: as repr() of a Python 2 string writes it.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back()) return {};
  if (text.front() != '\'' && text.front() != '"') return {};
  text = text.substr(1, text.size() - 2);
  std::string out;
  while (!text.empty()) {
    char c = text[0];
    text.remove_prefix(1);
    if (c != '\\') {
      out.push_back(c);
    } else if (text.empty() || !append_unescaped(out, text)) {
      return {};
    }
  }
  return out;
}

std::optional<std::string> if_valid(bool valid, std::string_view text) {
  if (!valid) return {};
  return std::string(text);
}

}  // namespace

bool pushes_text(Opcode opcode) {
  switch (opcode) {
    case Opcode::STRING:
    case Opcode::BINSTRING:
    case Opcode::SHORT_BINSTRING:
    case Opcode::UNICODE:
    case Opcode::BINUNICODE:
    case Opcode::SHORT_BINUNICODE:
    case Opcode::BINUNICODE8:
      return true;
    default:
      return false;
  }
}

std::optional<std::string> decode_text(Opcode opcode, std::string_view argument) {
  switch (opcode) {
    case Opcode::STRING: {
      std::optional<std::string> text = unquoted(argument);
      return text && is_ascii(*text) ? text : std::nullopt;
    }
    case Opcode::BINSTRING:
    case Opcode::SHORT_BINSTRING:
      return if_valid(is_ascii(argument), argument);
    case Opcode::UNICODE:
      return raw_unicode_unescaped(argument);
    default:
      return if_valid(is_utf8(argument), argument);
  }
}

}  // namespace cppickle::core
