// The bytes of a marshal blob in the making, in which equal parts are written once.
#ifndef CPPICKLE_BYTECODE_MARSHAL_BUFFER_H_
#define CPPICKLE_BYTECODE_MARSHAL_BUFFER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace cppickle::bytecode {

// Bytes that grow at the end; its memory is freed with `memory`.
class Bytes {
 public:
  explicit Bytes(std::pmr::memory_resource* memory) : memory_(memory) {}

  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  char& operator[](std::size_t i) { return begin_[i]; }
  std::string_view view(std::size_t from, std::size_t size) const {
    return {begin_ + from, size};
  }
  void shrink(std::size_t size) { end_ = begin_ + size; }
  // Room for `size` bytes at the end, which add() takes in once they are written.
  char* room(std::size_t size) {
    if (static_cast<std::size_t>(limit_ - end_) < size) [[unlikely]]
      grow(size);
    return end_;
  }
  void add(std::size_t size) { end_ += size; }

 private:
  void grow(std::size_t need);

  std::pmr::memory_resource* memory_;
  char* begin_ = nullptr;
  char* end_ = nullptr;
  char* limit_ = nullptr;
};

// A part is one marshalled object.  It is written out in full and then taken back when
// an equal part stands before it, for a reference of five bytes.  Equality is that of
// content, so the bytes depend neither on reference counts nor on which equal objects
// happen to be one object.  marshal numbers by first byte those parts that carry a
// flag; the flag is set, by finish(), on those that a reference names.
//
// Knows nothing of Python's objects.
// Thread safety: none.  One thread at a time.
class MarshalBuffer {
 public:
  using PartId = std::uint32_t;
  // A part too small to be worth a reference.
  static constexpr PartId kNoPart = UINT32_MAX;

  // A part that is being written.
  struct Open {
    std::size_t start;
    std::size_t inner;       // new parts inside begin here in inner_
    std::size_t references;  // and references inside in references_
    PartId id;
  };

  MarshalBuffer();
  MarshalBuffer(const MarshalBuffer&) = delete;
  MarshalBuffer& operator=(const MarshalBuffer&) = delete;

  Open open(char type) {
    Open part{bytes_.size(), inner_.size(), references_.size(),
              static_cast<PartId>(parts_.size())};
    parts_.push_back({part.start, 0, 0, false, false});
    byte(type);
    return part;
  }
  PartId close(const Open& part);
  // The same for a part that is known to equal none before it, and that nothing is
  // going to be compared with.
  PartId close_unique(const Open& part) {
    inner_.push_back({part.start, bytes_.size(), part.id});
    return part.id;
  }
  // An object equal to part `id` once more.
  void refer(PartId id) {
    char* p = bytes_.room(kReferenceSize);
    *p = kReference;
    std::memcpy(p + 1, &id, sizeof id);
    bytes_.add(kReferenceSize);
    references_.push_back(bytes_.size() - sizeof id);
  }

  // What belongs to the open part, or an object too small to be a part.
  void byte(char value) { little_endian(value); }
  void raw(std::string_view data) {
    std::memcpy(bytes_.room(data.size()), data.data(), data.size());
    bytes_.add(data.size());
  }
  void int2(std::uint16_t value) { little_endian(value); }
  void int4(std::int32_t value) { little_endian(value); }
  void int8(std::uint64_t value) { little_endian(value); }

  // Sets flags and numbers.  The view lives until the buffer dies; nothing may be
  // written after it.
  std::string_view finish();

 private:
  static constexpr char kReference = 'r';
  static constexpr std::size_t kReferenceSize = 1 + sizeof(PartId);

  struct Part {
    std::size_t start;
    std::size_t key;  // where the key begins, in bytes_ or in keys_
    std::size_t key_size;
    bool key_apart;  // in keys_
    bool shared;
  };
  struct Inner {
    std::size_t start, end;
    PartId id;
  };
  struct Slot {
    std::uint32_t hash;
    PartId id;
  };

  template <typename Integer>
  void little_endian(Integer value) {
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(bytes_.room(sizeof value), &value, sizeof value);
    bytes_.add(sizeof value);
  }
  void find_key(Part& part, const Open& open);
  std::string_view key_of(const Part& part) const;
  PartId find_or_enter(PartId id);
  void grow_table();
  std::size_t free_slot(std::uint32_t hash) const;
  void replace_by_reference(const Open& part, PartId id);

  // Most code objects need no memory beyond this.
  alignas(std::max_align_t) std::byte first_memory_[12 * 1024];
  std::pmr::monotonic_buffer_resource memory_{first_memory_, sizeof first_memory_};
  Bytes bytes_{&memory_};
  Bytes keys_{&memory_};
  std::pmr::vector<Part> parts_{&memory_};
  // Closed parts, written in full, whose outer part is open.
  std::pmr::vector<Inner> inner_{&memory_};
  // Where a number belongs; until finish() there is an id.
  std::pmr::vector<std::size_t> references_{&memory_};
  std::pmr::vector<Slot> table_{&memory_};  // open addressing, by key
  std::size_t entered_ = 0;
};

}  // namespace cppickle::bytecode

#endif  // CPPICKLE_BYTECODE_MARSHAL_BUFFER_H_
