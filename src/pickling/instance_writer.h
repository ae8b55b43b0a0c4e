// Instances whose attributes are leaves, one like the other, straight to memory.
#ifndef CPPICKLE_PICKLING_INSTANCE_WRITER_H_
#define CPPICKLE_PICKLING_INSTANCE_WRITER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/emitter.h"
#include "cpython/attributes.h"
#include "cpython/names.h"
#include "pickling/instance_plans.h"
#include "pickling/leaf_writer.h"
#include "pickling/memo.h"

namespace cppickle::pickling {

// A class whose instances go by their plan, and how the attributes' names of the last
// one were written: as opcodes that push them from the memo.
struct PlainType {
  struct Name {
    PyObject* name;
    std::array<char, 7> get;
    std::uint8_t get_size;  // 0: not known
  };

  PyTypeObject* type = nullptr;
  const InstancePlan* plan = nullptr;
  std::size_t name_count = 0;
  std::array<Name, cpython::Attributes::kMost> names;
};

// The last such classes that nobody else wants to reduce.  What is in it is true as
// long as no foreign code runs.
class PlainTypes {
 public:
  // Null when the class is not known to be one of these.
  PlainType* find(PyTypeObject* type) {
    if (entries_ == nullptr) return nullptr;
    PlainType& entry = (*entries_)[place_of(type)];
    return entry.type == type ? &entry : nullptr;
  }
  void note(PyTypeObject* type, const InstancePlan& plan) {
    if (entries_ == nullptr) entries_ = std::make_unique_for_overwrite<Entries>();
    PlainType& entry = (*entries_)[place_of(type)];
    entry.type = type;
    entry.plan = &plan;
    entry.name_count = 0;
  }
  void clear() {
    if (entries_ == nullptr) return;
    for (PlainType& entry : *entries_) entry.type = nullptr;
  }

 private:
  static constexpr std::size_t kSize = 4;  // a power of two

  static std::size_t place_of(PyTypeObject* type) {
    auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(type));
    return static_cast<std::size_t>(address * 0x9E3779B97F4A7C15u >> 62);
  }

  using Entries = std::array<PlainType, kSize>;

  std::unique_ptr<Entries> entries_;  // made for the first one
};

// Writes at protocol 4 and later, with a memo that borrows its keys.  Neither frames
// nor steps are pushed, the lazy __dict__ is not made, and no foreign code runs.
// REQUIRES: what a LeafWriter requires, and that the sink runs no foreign code when the
// frame in progress ends within longest() bytes.
class InstanceWriter {
 public:
  InstanceWriter(Memo& memo, core::Emitter& emitter, const cpython::Names& names)
      : memo_(memo), emitter_(emitter), names_(names) {}

  // Bytes of the longest instance.
  static constexpr std::size_t longest_with(std::size_t attributes) {
    constexpr std::size_t kAllButAttributes = 32;
    return kAllButAttributes + 2 * attributes * LeafWriter::kLongestLeaf;
  }
  static constexpr std::size_t longest() {
    return longest_with(cpython::Attributes::kMost);
  }

  // False when the class is not in the memo yet, or when an attribute is no leaf: then
  // nothing has been written.
  bool write(PyObject* object, PlainType& plain);

 private:
  using Run = core::Emitter::Run;

  bool fits(PlainType& plain, const cpython::Attributes& attributes) const;
  bool learn_names(PlainType& plain, const cpython::Attributes& attributes) const;
  char* put_state(Run& run, char* p, PlainType& plain,
                  const cpython::Attributes& attributes);
  char* put_name(char* p, PlainType::Name& name);

  Memo& memo_;
  core::Emitter& emitter_;
  const cpython::Names& names_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_INSTANCE_WRITER_H_
