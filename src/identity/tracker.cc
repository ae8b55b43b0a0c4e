#include "identity/tracker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "identity/other_trackers.h"
#include "identity/weak_tables.h"

namespace cppickle::identity {

using cpython::checked;
using cpython::checked_lookup;
using cpython::checked_status;
using cpython::Ref;

namespace {

constexpr std::size_t kIdSize = 16;  // bytes

std::size_t index_of(IdScope scope) { return static_cast<std::size_t>(scope); }

std::uint64_t random_word(std::random_device& device) {
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Ref random_id() {
  std::random_device device;  // the system's: processes that fork do not share it
  std::array<std::uint32_t, kIdSize / sizeof(std::uint32_t)> words;
  for (std::uint32_t& word : words) word = device();
  return checked(
      PyBytes_FromStringAndSize(reinterpret_cast<const char*>(words.data()), kIdSize));
}

Ref id_from(const core::Hash128& digest) {
  auto bytes = digest.bytes();
  static_assert(std::tuple_size_v<decltype(bytes)> == kIdSize);
  return checked(PyBytes_FromStringAndSize(bytes.data(), kIdSize));
}

void Tracker::load() {
  helper_ = made_runtime_helper();
  sys_dict_ = cpython::import_attribute("sys", "__dict__").release();
}

int Tracker::traverse(visitproc visit, void* arg) const {
  Py_VISIT(sys_dict_);
  Py_VISIT(objects_);
  Py_VISIT(references_);
  Py_VISIT(helper_.without_init_subclass.get());
  return 0;
}

void Tracker::release() {
  known_.clear();
  ids_.clear();
  last_read_.reset();
  helper_ = {};
  for (PyObject** owned : {&sys_dict_, &objects_, &references_}) Py_CLEAR(*owned);
}

// Drawn late and by each process, so that one that forks shares it with nobody.
void Tracker::draw_key() {
  int process = getpid();
  if (process == process_) return;
  std::random_device device;
  process_key_ = {random_word(device), random_word(device)};
  process_ = process;
  ++drawn_;
}

std::uint64_t Tracker::epoch(IdScope scope) {
  if (scope == IdScope::kContent) return epoch_;
  draw_key();
  return epoch_ | drawn_ << 32;
}

core::Hash128 Tracker::plain_id(const core::Hash128& digest, IdScope scope) {
  if (scope == IdScope::kContent) return digest;
  draw_key();
  auto bytes = digest.bytes();
  return core::siphash128({bytes.data(), bytes.size()}, process_key_);
}

Ref Tracker::id_of(PyObject* object, const std::optional<core::Hash128>& shape,
                   const core::Hash128* digest, IdScope scope) {
  open();
  TrackedObject* known = find(object);
  if (known == nullptr) {
    known = &add(object, shape, brought_id(object));
  } else if (!known->shape) {
    known->shape = shape;
  } else if (shape && *known->shape != *shape) {
    known = &add(object, shape, Ref());
  }
  if (PyObject* id = id_in(*known, scope)) return Ref::borrow(id);
  Ref id = free_id(digest, scope);
  enter(object, id.get());
  // Last, so that an error leaves nothing half done, and looked for again: a garbage
  // collection may have come in between.
  if (TrackedObject* entered = find(object)) {
    entered->ids[index_of(scope)] = Ref::borrow(id.get());
    if (scope == IdScope::kProcess) entered->process_epoch = epoch(scope);
  }
  return id;
}

Tracker::TrackedObject& Tracker::add(PyObject* object,
                                     const std::optional<core::Hash128>& shape,
                                     Ref brought) {
  if (known_.size() >= many_known_) drop_dead_entries();
  TrackedObject made{checked(PyWeakref_NewRef(object, nullptr)), shape,
                     ++incarnations_};
  made.is_brought = static_cast<bool>(brought);
  made.ids[index_of(IdScope::kContent)] = std::move(brought);
  return known_.insert_or_assign(object, std::move(made)).first->second;
}

bool Tracker::knows(PyObject* object) {
  open();
  return find(object) != nullptr || brought_id(object);
}

std::uint64_t Tracker::incarnation_of(PyObject* object) {
  TrackedObject* known = find(object);
  return known == nullptr ? 0 : known->incarnation;
}

// Borrowed, or null when the object has none yet.
PyObject* Tracker::id_in(const TrackedObject& known, IdScope scope) {
  if (known.is_brought) scope = IdScope::kContent;
  if (scope == IdScope::kProcess && known.process_epoch != epoch(scope)) return nullptr;
  return known.ids[index_of(scope)].get();
}

Tracker::TrackedObject* Tracker::find(PyObject* object) {
  auto found = known_.find(object);
  if (found == known_.end()) return nullptr;
  // Another object may have lived at this address.
  if (cpython::weakly_referenced(found->second.weak.get()).get() == object)
    return &found->second;
  known_.erase(found);
  return nullptr;
}

void Tracker::drop_dead_entries() {
  std::erase_if(known_, [](const auto& entry) {
    return !cpython::weakly_referenced(entry.second.weak.get());
  });
  many_known_ = std::max(kManyKnown, known_.size() * 2);
}

// Streams enter what they bring behind what is there.  When the table was changed in
// another way, it is read from its beginning.
void Tracker::read_new_ids() {
  PyObject *id, *weak;
  Py_ssize_t next = position_;
  bool continues = last_read_ && PyDict_Next(references_, &next, &id, &weak) &&
                   id == last_read_.get();
  // Objects die without a word to ids_: from time to time it is read anew.
  bool many_are_gone = ids_.size() > kManyKnown + 2 * static_cast<std::size_t>(
                                                          PyDict_GET_SIZE(references_));
  if (!continues || many_are_gone) {
    next = 0;
    ids_.clear();
    last_read_.reset();
  }
  for (Py_ssize_t begin = next; PyDict_Next(references_, &next, &id, &weak);
       begin = next) {
    if (PyWeakref_CheckRef(weak)) {
      Ref object = cpython::weakly_referenced(weak);
      if (object) ids_.insert_or_assign(object.get(), Ref::borrow(id));
    }
    last_read_ = Ref::borrow(id);
    position_ = begin;
  }
}

// The id under which a stream has brought the object, or an empty Ref.
Ref Tracker::id_from_stream(PyObject* object) {
  read_new_ids();
  auto found = ids_.find(object);
  if (found == ids_.end()) return Ref();
  Ref id = Ref::borrow(found->second.get());
  PyObject* weak = checked_lookup(PyDict_GetItemWithError(references_, id.get()));
  // ids_ goes by addresses, and what lived there may have died: the table decides.
  bool same = weak != nullptr && PyWeakref_CheckRef(weak) &&
              cpython::weakly_referenced(weak).get() == object;
  return same ? std::move(id) : Ref();
}

bool Tracker::is_taken(PyObject* id) const {
  PyObject* weak = checked_lookup(PyDict_GetItemWithError(references_, id));
  return weak != nullptr && PyWeakref_CheckRef(weak) &&
         cpython::weakly_referenced(weak);
}

// The plain id, or that and a number.
Ref Tracker::free_id(const core::Hash128* content, IdScope scope) {
  if (content == nullptr) return random_id();
  Ref digest = id_from(plain_id(*content, scope));
  if (!is_taken(digest.get())) return digest;
  constexpr int kFewDuplicates = 8;
  std::string_view bytes = cpython::bytes_view(digest.get());
  for (int number = 2;; ++number) {
    Ref suffix = checked(PyBytes_FromFormat("-%d", number));
    PyObject* joined = Py_NewRef(digest.get());
    PyBytes_Concat(&joined, suffix.get());
    Ref id = checked(joined);
    if (!is_taken(id.get())) return id;
    if (number < kFewDuplicates) continue;
    // The numbers of many duplicates are not tried one by one.
    if (numbers_.size() >= kManyKnown) numbers_.clear();
    int& last = numbers_.try_emplace(std::string(bytes), number).first->second;
    number = std::max(last, number);
    last = number + 1;
  }
}

// The id under which an object has come from elsewhere, or an empty Ref.
Ref Tracker::brought_id(PyObject* object) {
  if (Ref id = id_from_stream(object)) return id;
  Ref id = id_in_other_trackers(imported_, object);
  if (!id || is_taken(id.get())) return Ref();
  enter(object, id.get());
  return id;
}

// Makes an id known in the process.
void Tracker::enter(PyObject* object, PyObject* id) {
  set_weak_value(imported_, objects_, id, object);
  enter_in_other_trackers(imported_, object, id);
}

// A copy of cloudpickle that was imported meanwhile gets to know what is known here.
void Tracker::scan_other_trackers() {
  Py_ssize_t modules = PyDict_GET_SIZE(cpython::loaded_modules());
  if (modules == modules_) return;
  modules_ = modules;
  std::size_t others = count_other_trackers(imported_);
  if (others == others_) return;
  others_ = others;
  for (const auto& [address, known] : known_) {
    Ref object = cpython::weakly_referenced(known.weak.get());
    if (!object) continue;
    for (const Ref& id : known.ids) {
      if (id) enter_in_other_trackers(imported_, object.get(), id.get());
    }
  }
}

bool Tracker::is_open() {
  scan_other_trackers();
  PyObject* objects = cpython::dict_entry(sys_dict_, imported_.names.tracker);
  return objects != nullptr && objects == objects_;
}

void Tracker::open() {
  if (is_open()) return;
  PyObject* objects = cpython::dict_entry(sys_dict_, imported_.names.tracker);
  known_.clear();
  ids_.clear();
  last_read_.reset();
  // Cached expansions have ids of the table before in them; the epoch is part of their
  // keys.
  ++epoch_;
  Ref opened = objects != nullptr
                   ? Ref::borrow(objects)
                   : checked(PyObject_CallNoArgs(imported_.weak_value_dictionary));
  if (objects == nullptr)
    checked_status(PyDict_SetItem(sys_dict_, imported_.names.tracker, opened.get()));
  Ref references = checked(PyObject_GetAttr(opened.get(), imported_.names.data));
  if (!PyDict_Check(references.get())) {
    cpython::raise_format(PyExc_RuntimeError, "sys.%U is no WeakValueDictionary",
                          imported_.names.tracker);
  }
  Py_XSETREF(objects_, opened.release());
  Py_XSETREF(references_, references.release());
}

}  // namespace cppickle::identity
