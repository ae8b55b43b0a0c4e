#include "pickling/instance_writer.h"

#include "core/encoding.h"
#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/reads.h"
#include "pickling/leaf_writer.h"

namespace cppickle::pickling {

using core::Opcode;
using cpython::Attributes;

namespace {

bool read(PyObject* object, const InstancePlan& plan, Attributes& attributes) {
  if (plan.slots.empty())
    return !plan.has_dict || cpython::read_attributes(object, attributes);
  if (plan.has_dict) return false;
  for (const InstancePlan::Slot& slot : plan.slots) {
    PyObject* value = slot.value_of(object);
    if (value != nullptr && !attributes.add(slot.name.get(), value)) return false;
  }
  return true;
}

// One that nobody has asked for yet is part of the instance.
void note_dict(const Attributes& attributes) {
  if constexpr (cpython::kLogsReads) {
    if (attributes.dict != nullptr)
      cpython::note_read(cpython::Read::kContent, attributes.dict);
  }
}

}  // namespace

bool InstanceWriter::write(PyObject* object, PlainType& plain) {
  std::size_t cls = memo_.find(reinterpret_cast<PyObject*>(plain.type));
  if (cls > UINT32_MAX) return false;
  Attributes attributes;
  if (!read(object, *plain.plan, attributes) || !fits(plain, attributes)) return false;
  cpython::note_read(cpython::Read::kType, object);
  cpython::note_read(cpython::Read::kClass, cpython::as_object(plain.type));
  cpython::note_read(cpython::Read::kContent, object);
  note_dict(attributes);

  Run run(emitter_);
  std::size_t longest = longest_with(attributes.count);
  char* p = run.at_object(run.room(longest), longest);
  p = core::put_get(p, static_cast<std::uint32_t>(cls));
  p = run.at_object(p, longest);
  p = core::put(p, Opcode::EMPTY_TUPLE, Opcode::NEWOBJ, Opcode::MEMOIZE);
  cpython::is_sole_reference(object) ? memo_.add_sole_reference(object)
                                     : memo_.add(object);
  run.advance(attributes.count == 0 ? p : put_state(run, p, plain, attributes));
  return true;
}

bool InstanceWriter::fits(PlainType& plain, const Attributes& attributes) const {
  if (attributes.dict != nullptr && !cpython::is_sole_reference(attributes.dict))
    return false;
  bool same_names = attributes.count == plain.name_count;
  for (std::size_t i = 0; i < attributes.count; ++i) {
    if (!LeafWriter::is_leaf(attributes.values[i])) return false;
    same_names = same_names && attributes.names[i] == plain.names[i].name;
  }
  return same_names || learn_names(plain, attributes);
}

// False when a name hides what the class says about pickling.
bool InstanceWriter::learn_names(PlainType& plain, const Attributes& attributes) const {
  plain.name_count = 0;
  for (std::size_t i = 0; i < attributes.count; ++i) {
    PyObject* name = attributes.names[i];
    if (!LeafWriter::is_leaf(name) || cpython::same_name(name, names_.reduce_ex) ||
        cpython::same_name(name, names_.getstate))
      return false;
    plain.names[i] = {name, {}, 0};
  }
  plain.name_count = attributes.count;
  return true;
}

// A dict of the attributes; those of slots as the second of a pair.
char* InstanceWriter::put_state(Run& run, char* p, PlainType& plain,
                                const Attributes& attributes) {
  LeafWriter writer(memo_);
  std::size_t longest = longest_with(attributes.count);
  bool in_slots = !plain.plan->slots.empty();
  p = run.at_object(p, longest);
  if (in_slots) p = run.at_object(core::put(p, Opcode::NONE), longest);
  p = core::put(p, Opcode::EMPTY_DICT, Opcode::MEMOIZE);
  // The lazy one cannot be met again: nobody asks for it as long as no code runs.
  attributes.dict != nullptr ? memo_.add_sole_reference(attributes.dict)
                             : memo_.add_anonymous();
  bool many = attributes.count > 1;
  if (many) p = core::put(p, Opcode::MARK);
  for (std::size_t i = 0; i < attributes.count; ++i) {
    p = put_name(run.at_object(p, longest), plain.names[i]);
    p = writer.leaf(run.at_object(p, longest), attributes.values[i]);
  }
  p = core::put(p, many ? Opcode::SETITEMS : Opcode::SETITEM);
  if (in_slots) {
    memo_.add_anonymous();
    p = core::put(p, Opcode::TUPLE2, Opcode::MEMOIZE);
  }
  return core::put(p, Opcode::BUILD);
}

char* InstanceWriter::put_name(char* p, PlainType::Name& name) {
  if (name.get_size != 0) [[likely]] {
    std::memcpy(p, name.get.data(), name.get.size());
    return p + name.get_size;
  }
  p = LeafWriter(memo_).leaf(p, name.name);
  // In digests a name has no index: it is written out each time.
  if (memo_.strings() == Memo::Strings::kByContent) return p;
  std::size_t index = memo_.find_text(name.name);
  if (index <= UINT32_MAX) {
    char* end = core::put_get(name.get.data(), static_cast<std::uint32_t>(index));
    name.get_size = static_cast<std::uint8_t>(end - name.get.data());
  }
  return p;
}

}  // namespace cppickle::pickling
