#include "bytecode/marshal_buffer.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cppickle::bytecode {
namespace {

constexpr std::size_t kFirstCapacity = 1536;
constexpr char kFlag = static_cast<char>(0x80);

constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15u;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * kFactor;
  return hash ^ hash >> 29;
}

template <typename Word>
Word word_at(const char* data) {
  Word word;
  std::memcpy(&word, data, sizeof word);
  return word;
}

// The last words overlap the ones before, and two lanes keep one multiplication from
// waiting for the other.
// REQUIRES: at least four bytes.
std::uint32_t hash_of(std::string_view key) {
  const char* data = key.data();
  const char* end = data + key.size();
  std::uint64_t even = key.size(), odd = 0;
  for (; end - data > 16; data += 16) {
    even = mixed(even, word_at<std::uint64_t>(data));
    odd = mixed(odd, word_at<std::uint64_t>(data + 8));
  }
  if (key.size() >= 8) {
    if (end - data > 8) even = mixed(even, word_at<std::uint64_t>(data));
    odd = mixed(odd, word_at<std::uint64_t>(end - 8));
  } else {
    odd = mixed(odd, word_at<std::uint32_t>(data) |
                         std::uint64_t{word_at<std::uint32_t>(end - 4)} << 32);
  }
  even = mixed(even, odd);
  return static_cast<std::uint32_t>(even ^ even >> 32);
}

}  // namespace

void Bytes::grow(std::size_t need) {
  std::size_t used = size();
  std::size_t capacity = std::max(used + need, 3 * (used + kFirstCapacity / 3));
  auto larger = static_cast<char*>(memory_->allocate(capacity, 1));
  if (used != 0) std::memcpy(larger, begin_, used);
  begin_ = larger;
  end_ = begin_ + used;
  limit_ = begin_ + capacity;
}

MarshalBuffer::MarshalBuffer() {
  parts_.reserve(48);
  inner_.reserve(48);
  references_.reserve(32);
}

MarshalBuffer::PartId MarshalBuffer::close(const Open& part) {
  if (bytes_.size() - part.start < kReferenceSize) {
    parts_.pop_back();
    return kNoPart;
  }
  find_key(parts_[part.id], part);
  PartId id = find_or_enter(part.id);
  if (id != part.id) {
    replace_by_reference(part, id);
  } else {
    inner_.resize(part.inner);
    inner_.push_back({part.start, bytes_.size(), id});
  }
  return id;
}

// A part's key is its bytes, with a reference in place of each part inside that is
// written in full.
void MarshalBuffer::find_key(Part& part, const Open& open) {
  part.key_apart = inner_.size() != open.inner;
  if (!part.key_apart) {
    part.key = open.start;
    part.key_size = bytes_.size() - open.start;
    return;
  }
  std::size_t inner_count = inner_.size() - open.inner;
  char* begin = keys_.room(bytes_.size() - open.start + inner_count * kReferenceSize);
  char* to = begin;
  std::size_t done = open.start;
  auto copy_until = [&](std::size_t end) {
    std::memcpy(to, bytes_.view(done, 0).data(), end - done);
    to += end - done;
  };
  for (std::size_t i = open.inner; i < inner_.size(); ++i) {
    copy_until(inner_[i].start);
    *to = kReference;
    std::memcpy(to + 1, &inner_[i].id, sizeof inner_[i].id);
    to += kReferenceSize;
    done = inner_[i].end;
  }
  copy_until(bytes_.size());
  part.key = keys_.size();
  part.key_size = static_cast<std::size_t>(to - begin);
  keys_.add(part.key_size);
}

std::string_view MarshalBuffer::key_of(const Part& part) const {
  return (part.key_apart ? keys_ : bytes_).view(part.key, part.key_size);
}

// The part with the same key, or `id` itself, which is entered then.
MarshalBuffer::PartId MarshalBuffer::find_or_enter(PartId id) {
  if ((entered_ + 1) * 2 > table_.size()) grow_table();
  const Part& part = parts_[id];
  std::string_view key = key_of(part);
  std::uint32_t hash = hash_of(key);
  std::size_t i = hash & (table_.size() - 1);
  for (; table_[i].id != kNoPart; i = (i + 1) & (table_.size() - 1)) {
    const Part& other = parts_[table_[i].id];
    if (table_[i].hash == hash && key_of(other) == key) {
      return table_[i].id;
    }
  }
  table_[i] = {hash, id};
  ++entered_;
  return id;
}

void MarshalBuffer::grow_table() {
  std::size_t size = std::max<std::size_t>(16, table_.size() * 4);
  std::pmr::vector<Slot> old(size, Slot{0, kNoPart}, &memory_);
  old.swap(table_);
  for (const Slot& slot : old) {
    if (slot.id != kNoPart) table_[free_slot(slot.hash)] = slot;
  }
}

std::size_t MarshalBuffer::free_slot(std::uint32_t hash) const {
  std::size_t i = hash & (table_.size() - 1);
  while (table_[i].id != kNoPart) i = (i + 1) & (table_.size() - 1);
  return i;
}

// Whatever is inside equals something older, too, so that no part entered since `part`
// was opened is lost.
void MarshalBuffer::replace_by_reference(const Open& part, PartId id) {
  if (parts_[part.id].key_apart) keys_.shrink(parts_[part.id].key);
  bytes_.shrink(part.start);
  references_.resize(part.references);
  parts_.resize(part.id);
  refer(id);
}

std::string_view MarshalBuffer::finish() {
  auto id_at = [&](std::size_t position) { return word_at<PartId>(&bytes_[position]); };
  for (std::size_t position : references_) parts_[id_at(position)].shared = true;
  std::pmr::vector<std::int32_t> numbers(parts_.size(), &memory_);
  std::int32_t next = 0;
  for (std::size_t id = 0; id < parts_.size(); ++id) {
    if (!parts_[id].shared) continue;
    bytes_[parts_[id].start] |= kFlag;
    numbers[id] = next++;
  }
  for (std::size_t position : references_) {
    std::memcpy(&bytes_[position], &numbers[id_at(position)], sizeof(std::int32_t));
  }
  return bytes_.view(0, bytes_.size());
}

}  // namespace cppickle::bytecode
