#include "caching/read_check.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "cpython/read_log.h"
#include "stream/by_value_context.h"

namespace cppickle::caching {

using cpython::LoggedRead;
using cpython::Read;
using cpython::ReadLog;
using stream::ByValueContext;

struct LoggedReadCheck::Logs {
  explicit Logs(const ByValueContext& tables) : context(tables) {}

  const ByValueContext& context;
  ReadLog walk;
  ReadLog reducers;
};

namespace {

struct Context {
  const ReadLog& walk;
  const ReadLog& reducers;
  const ByValueContext& context;
};

bool is_same(const Context& context, const LoggedRead& read) {
  return context.walk.has(read.kind, read.object, read.part);
}

bool is_entry_of_content(const Context& context, const LoggedRead& read) {
  return read.kind == Read::kEntry && context.walk.has(Read::kContent, read.object);
}

bool is_entry_of_class(const Context& context, const LoggedRead& read) {
  return read.kind == Read::kEntry && context.walk.has(Read::kClass, read.object);
}

bool is_base_of_class(const Context& context, const LoggedRead& read) {
  if (read.kind != Read::kClass) return false;
  return std::ranges::any_of(context.walk.reads(), [&](const LoggedRead& other) {
    return other.kind == Read::kClass &&
           PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(other.object),
                            reinterpret_cast<PyTypeObject*>(read.object)) != 0;
  });
}

bool is_of_static_type(const Context&, const LoggedRead& read) {
  bool changes = read.kind == Read::kVerdict || read.kind == Read::kReducer;
  return read.is_static_type && !changes;
}

bool has_static_type(const Context&, const LoggedRead& read) {
  return read.kind == Read::kType && read.keeps_type;
}

bool is_made_by_library(const Context& context, const LoggedRead& read) {
  return context.reducers.has_made(read.object);
}

bool is_known_global(const Context& context, const LoggedRead& read) {
  bool of_itself = read.kind == Read::kVerdict || read.kind == Read::kField;
  return of_itself && context.context.known_global(read.object).module != nullptr;
}

bool is_field_by_attribute(const Context& context, const LoggedRead& read) {
  constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"__doc__", "func_doc"},
      {"__module__", "func_module"},
      {"__name__", "func_name"},
      {"__qualname__", "func_qualname"},
      {"__annotations__", "func_annotations"},
  };
  auto found = std::ranges::find(kFields, read.part,
                                 &std::pair<std::string_view, std::string_view>::first);
  return read.kind == Read::kField && found != std::end(kFields) &&
         context.walk.has(Read::kField, read.object, found->second);
}

bool is_reduction_of_builtin(const Context& context, const LoggedRead& read) {
  return read.kind == Read::kReduction &&
         context.walk.has(Read::kField, read.object, "m_self") &&
         context.walk.has(Read::kField, read.object, "m_ml");
}

bool is_reduction_of_bare_object(const Context&, const LoggedRead& read) {
  return read.kind == Read::kReduction && read.is_bare;
}

// When a read of the reducers is covered, and why.
struct Rule {
  bool (*covers)(const Context&, const LoggedRead&);
  std::string_view reason;
};

constexpr Rule kRules[] = {
    {is_same, "the walk has made the same read"},
    {is_entry_of_content, "who reads all of a dict reads each of its entries"},
    {is_entry_of_class, "a class's version changes with its namespace"},
    {is_base_of_class, "a class's version changes with those of its bases"},
    {is_of_static_type, "types with static storage do not change"},
    {has_static_type, "objects of such types, other than modules, keep their type"},
    {is_made_by_library, "the reducer has made the object from what it has read"},
    {is_known_global, "our table knows it by its address, which the walk notes"},
    {is_field_by_attribute, "such an attribute of a function is a field of it"},
    {is_reduction_of_builtin, "a method of a builtin type is its name and the type"},
    {is_reduction_of_bare_object, "object(), ... and NotImplemented have no content"},
};

bool is_covered(const Context& context, const LoggedRead& read) {
  return std::ranges::any_of(
      kRules, [&](const Rule& rule) { return rule.covers(context, read); });
}

std::string_view name_of(Read kind) {
  constexpr std::string_view kNames[] = {"field",   "entry",   "content",
                                         "type",    "class",   "code",
                                         "verdict", "reducer", "reduction"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string text_of(const LoggedRead& read, std::string_view root) {
  std::string text(name_of(read.kind));
  if (!read.part.empty()) text.append(" ").append(read.part);
  return text.append(" of ").append(read.description).append(" (in ").append(root) +
         ")";
}

// Builds with a log are for tests, of one interpreter.
ReadReport& report() {
  static ReadReport all;
  return all;
}

std::string& left_out() {
  static std::string part;
  return part;
}

}  // namespace

LoggedReadCheck::LoggedReadCheck() = default;
LoggedReadCheck::LoggedReadCheck(LoggedReadCheck&&) noexcept = default;
LoggedReadCheck& LoggedReadCheck::operator=(LoggedReadCheck&&) noexcept = default;
LoggedReadCheck::~LoggedReadCheck() = default;

void LoggedReadCheck::begin_walk(const ByValueContext& context) {
  logs_ = std::make_unique<Logs>(context);
  logs_->walk.begin();
}

void LoggedReadCheck::end_walk() {
  logs_->walk.end();
  if (!left_out().empty()) logs_->walk.forget(left_out());
}

void LoggedReadCheck::begin_reducers() { logs_->reducers.begin(); }

void LoggedReadCheck::end_reducers(PyObject* root) {
  logs_->reducers.end();
  Context context{logs_->walk, logs_->reducers, logs_->context};
  ++report().checks;
  report().reads += logs_->reducers.reads().size();
  for (const LoggedRead& read : logs_->reducers.reads()) {
    if (!is_covered(context, read))
      report().missing.push_back(text_of(read, cpython::description_for_log(root)));
  }
}

ReadReport take_read_report() { return std::exchange(report(), {}); }

void leave_out_of_walks(std::string_view part) { left_out() = part; }

}  // namespace cppickle::caching
