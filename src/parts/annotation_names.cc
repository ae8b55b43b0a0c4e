#include "parts/annotation_names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/reads.h"

namespace cppickle::parts {

using cpython::checked;
using cpython::Ref;

namespace {

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) { return begins_name(c) || (c >= '0' && c <= '9'); }

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t'; }

// Words that are no names.
bool is_keyword(std::string_view word) {
  constexpr std::array<std::string_view, 11> kKeywords = {
      "True", "False", "if", "else", "or", "and", "not", "in", "is", "for", "lambda"};
  return std::ranges::find(kKeywords, word) != kKeywords.end();
}

// The names of an annotation, in their order.  No compiler: that would warn, and takes
// longer than all the rest of a dump.
//
//   annotation := ['*'] part ('|' part)*
//   part       := name ('.' name)* ['[' anything ']'] | quote annotation quote | None
class Tokens {
 public:
  struct Name {
    std::string_view text;
    bool is_outermost;  // in no brackets
  };

  explicit Tokens(std::string_view text) : text_(text) {}

  // False for what is none, as a sentence that describes the parameter.
  bool read() {
    for (; at_ < text_.size() && is_annotation_; ++at_) {
      char c = text_[at_];
      if (begins_name(c)) {
        read_name();
      } else if (c == '\'' || c == '"') {
        read_quote(c);
      } else if (!is_space(c)) {
        read_sign(c);
      }
    }
    return is_annotation_;
  }
  const std::vector<Name>& names() const { return names_; }
  const std::vector<std::string_view>& attributes() const { return attributes_; }

 private:
  // What strings are in a pair of brackets.
  enum Bracket {
    kNames,      // annotations in their turn
    kTexts,      // of Literal, and all but the first of Annotated
    kAnnotated,  // the first of Annotated
  };

  bool holds_texts() const { return !brackets_.empty() && brackets_.back() == kTexts; }

  // Stops at the last character, as the other ones do.
  void read_name() {
    std::size_t begin = at_;
    while (at_ + 1 < text_.size() && continues_name(text_[at_ + 1])) ++at_;
    std::string_view word = text_.substr(begin, at_ + 1 - begin);
    if (is_keyword(word)) {
      is_annotation_ = !brackets_.empty();
      after_operand_ = false;
      return;
    }
    if (after_operand_) {
      is_annotation_ = false;  // two words side by side
    } else if (after_dot_) {
      attributes_.push_back(word);
    } else {
      names_.push_back({word, brackets_.empty()});
    }
    last_ = word;
    after_operand_ = true;
    after_dot_ = false;
  }
  void read_quote(char quote) {
    if (holds_texts()) {
      at_ = std::min(text_.find(quote, at_ + 1), text_.size() - 1);
      after_operand_ = true;
      return;
    }
    after_operand_ = quote == open_quote_;
    open_quote_ = after_operand_ ? '\0' : quote;
  }
  void read_sign(char c) {
    if (brackets_.empty() && c != '[' && c != '.' && c != '|' &&
        !(c == '*' && at_ == 0))
      is_annotation_ = false;
    if (c == '[' || c == '(') {
      brackets_.push_back(c == '(' || holds_texts() ? kNames
                          : last_ == "Literal"      ? kTexts
                          : last_ == "Annotated"    ? kAnnotated
                                                    : kNames);
    } else if ((c == ']' || c == ')') && !brackets_.empty()) {
      brackets_.pop_back();
    } else if (c == ',' && !brackets_.empty() && brackets_.back() == kAnnotated) {
      brackets_.back() = kTexts;
    }
    after_operand_ = c == ']' || c == ')';
    after_dot_ = c == '.';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_annotation_ = true;
  char open_quote_ = '\0';
  bool after_operand_ = false;
  bool after_dot_ = false;
  std::string_view last_;
  std::vector<Bracket> brackets_;
  std::vector<Name> names_;
  std::vector<std::string_view> attributes_;
};

Ref interned(std::string_view text) {
  PyObject* name = checked(PyUnicode_FromStringAndSize(
                               text.data(), static_cast<Py_ssize_t>(text.size())))
                       .release();
  PyUnicode_InternInPlace(&name);
  return Ref::steal(name);
}

// What can be all of an annotation: classes, types of typing, aliases, their modules. A
// word may be a description (`x: "the client"` is none, `x: "client"` is), and must not
// send whatever has that name.
bool may_be_annotation(PyObject* value) {
  std::string_view type = Py_TYPE(value)->tp_name;
  return PyCallable_Check(value) || PyModule_Check(value) || PyUnicode_Check(value) ||
         type.starts_with("typing.") || type.starts_with("types.");
}

bool contains(PyObject* tuple, PyObject* name) {
  return std::ranges::find(cpython::own_items(tuple), name) !=
         cpython::own_items(tuple).end();
}

void add_once(std::vector<Ref>& names, const Ref& name) {
  bool known = std::ranges::any_of(
      names, [&](const Ref& other) { return other.get() == name.get(); });
  if (!known) names.push_back(Ref::borrow(name.get()));
}

}  // namespace

const AnnotationNames::Parsed& AnnotationNames::parsed(PyObject* text) {
  auto known = texts_.find(text);
  if (known != texts_.end()) return known->second;
  Parsed result;
  result.text = Ref::borrow(text);
  Tokens tokens(cpython::utf8_view(text));
  if (tokens.read()) {
    for (const Tokens::Name& name : tokens.names())
      result.globals.push_back({interned(name.text), name.is_outermost});
    for (std::string_view name : tokens.attributes())
      result.attributes.push_back(interned(name));
  }
  return texts_.emplace(text, std::move(result)).first->second;
}

void AnnotationNames::add(UsedNames& used, PyObject* text, PyObject* globals,
                          PyObject* code_names) {
  // What is no text cannot name anything, nor can one that UTF-8 has no bytes for.
  if (!PyUnicode_CheckExact(text) || PyUnicode_AsUTF8(text) == nullptr) {
    PyErr_Clear();
    return;
  }
  const Parsed& names = parsed(text);
  for (const Name& name : names.globals) {
    PyObject* key = name.text.get();
    if (contains(code_names, key)) continue;
    PyObject* value = cpython::read_entry(globals, key);
    // Where there is none, one may come.
    if (value == nullptr || !name.is_outermost || may_be_annotation(value))
      add_once(used.globals, name.text);
  }
  for (const Ref& name : names.attributes) add_once(used.attributes, name);
}

UsedNames AnnotationNames::of(PyObject* function, PyObject* globals,
                              PyObject* code_names) {
  UsedNames used;
  if (texts_.size() >= kMostTexts) texts_.clear();
  PyObject* annotate = cpython::read_annotate(function);
  if (annotate != nullptr && PyFunction_Check(annotate)) {
    // It makes them when it is called; its constants are the texts, and names of
    // parameters, which are words.
    PyObject* code =
        cpython::read_code(cpython::read_field<&PyFunctionObject::func_code>(annotate));
    for (PyObject* constant : cpython::own_items(cpython::code_constants(code)))
      add(used, constant, globals, code_names);
    return used;
  }
  PyObject* annotations = cpython::read_annotations(function);
  Py_ssize_t position = 0;
  PyObject *name, *value;
  while (annotations != nullptr &&
         cpython::read_next(annotations, &position, &name, &value)) {
    if (PyUnicode_CheckExact(value)) add(used, value, globals, code_names);
  }
  return used;
}

}  // namespace cppickle::parts
