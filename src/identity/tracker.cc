#include "identity/tracker.h"

#include <algorithm>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "identity/other_trackers.h"
#include "identity/weak_tables.h"

namespace cppickle::identity {

using cpython::checked;
using cpython::checked_lookup;
using cpython::checked_status;
using cpython::Ref;

namespace {

unsigned version_of(PyObject* object) {
  return PyType_Check(object)
             ? cpython::type_version(reinterpret_cast<PyTypeObject*>(object))
             : 0;
}

}  // namespace

void Tracker::load() {
  helpers_ = made_helpers();
  sys_dict_ = cpython::import_attribute("sys", "__dict__").release();
}

int Tracker::traverse(visitproc visit, void* arg) const {
  Py_VISIT(sys_dict_);
  Py_VISIT(objects_);
  Py_VISIT(tokens_);
  Py_VISIT(references_);
  Py_VISIT(helpers_.unhooked.get());
  return 0;
}

void Tracker::release() {
  known_.clear();
  ids_.clear();
  last_read_.reset();
  helpers_ = {};
  for (PyObject** owned : {&sys_dict_, &objects_, &tokens_, &references_})
    Py_CLEAR(*owned);
}

Identity Tracker::identify(PyObject* object, Digester digester, void* context) {
  open();
  Known* known = find(object);
  unsigned version = version_of(object);
  if (known != nullptr && known->version != 0 && known->version == version) {
    return {known->id.get(), known->token.get()};
  }
  Digest digest = digester(context, object);
  known = find(object);  // the digester may have identified others
  if (known == nullptr) {
    known = &make_known(object);
    enter(object, digest.bytes.get(), *known);
  }
  // One object for equal bytes: a stream then refers to it, in every process alike.
  bool same =
      PyBytes_CheckExact(known->id.get()) &&
      cpython::bytes_view(digest.bytes.get()) == cpython::bytes_view(known->id.get());
  known->token = same ? Ref::borrow(known->id.get()) : std::move(digest.bytes);
  known->version = digest.changes_with_version ? version_of(object) : 0;
  return {known->id.get(), known->token.get()};
}

Tracker::Known* Tracker::find(PyObject* object) {
  auto found = known_.find(object);
  if (found == known_.end()) return nullptr;
  // Another object may have lived at this address.
  if (cpython::weakly_referenced(found->second.weak.get()).get() == object)
    return &found->second;
  drop_tokens(found->second.id.get());
  known_.erase(found);
  return nullptr;
}

// Of an object that is gone, unless another one has its id by now.
void Tracker::drop_tokens(PyObject* id) {
  if (is_taken(id)) return;
  Ref methods_id = checked(PyTuple_Pack(1, id));
  for (PyObject* key : {id, methods_id.get()}) {
    if (checked_lookup(PyDict_GetItemWithError(tokens_, key)) != nullptr)
      checked_status(PyDict_DelItem(tokens_, key));
  }
}

Tracker::Known& Tracker::make_known(PyObject* object) {
  if (known_.size() >= many_known_) forget_the_dead();
  Known& known = known_.insert_or_assign(object, Known{}).first->second;
  known.weak = checked(PyWeakref_NewRef(object, nullptr));
  return known;
}

void Tracker::forget_the_dead() {
  std::erase_if(known_, [this](const auto& entry) {
    if (cpython::weakly_referenced(entry.second.weak.get())) return false;
    drop_tokens(entry.second.id.get());
    return true;
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
  bool same = weak != nullptr && PyWeakref_CheckRef(weak) &&
              cpython::weakly_referenced(weak).get() == object;
  return same ? std::move(id) : Ref();
}

bool Tracker::is_taken(PyObject* id) const {
  PyObject* weak = checked_lookup(PyDict_GetItemWithError(references_, id));
  return weak != nullptr && PyWeakref_CheckRef(weak) &&
         cpython::weakly_referenced(weak);
}

// The digest, or the digest and a number.
Ref Tracker::free_id(PyObject* digest) {
  if (!is_taken(digest)) return Ref::borrow(digest);
  constexpr int kFewTwins = 8;
  std::string_view bytes = cpython::bytes_view(digest);
  for (int number = 2;; ++number) {
    Ref suffix = checked(PyBytes_FromFormat("-%d", number));
    PyObject* joined = Py_NewRef(digest);
    PyBytes_Concat(&joined, suffix.get());
    Ref id = checked(joined);
    if (!is_taken(id.get())) return id;
    if (number < kFewTwins) continue;
    // The numbers of many twins are not tried one by one.
    if (numbers_.size() >= kManyKnown) numbers_.clear();
    int& last = numbers_.try_emplace(std::string(bytes), number).first->second;
    number = std::max(last, number);
    last = number + 1;
  }
}

// Gives an object that is met for the first time its id, and makes it known in the
// process.
void Tracker::enter(PyObject* object, PyObject* digest, Known& known) {
  known.id = id_from_stream(object);
  if (known.id) return;
  known.id = id_in_other_trackers(imported_, object);
  if (!known.id || is_taken(known.id.get())) known.id = free_id(digest);
  set_weak_value(imported_, objects_, known.id.get(), object);
  enter_in_other_trackers(imported_, object, known.id.get());
  Ref methods_id = checked(PyTuple_Pack(1, known.id.get()));
  for (PyObject* id : {known.id.get(), methods_id.get()})
    checked_status(PyDict_SetItem(tokens_, id, imported_.empty_bytes));
}

// A copy of cloudpickle that was imported meanwhile gets to know what is known here.
void Tracker::notice_other_trackers() {
  Py_ssize_t modules = PyDict_GET_SIZE(cpython::loaded_modules());
  if (modules == modules_) return;
  modules_ = modules;
  std::size_t others = count_other_trackers(imported_);
  if (others == others_) return;
  others_ = others;
  for (const auto& [address, known] : known_) {
    Ref object = cpython::weakly_referenced(known.weak.get());
    if (object) enter_in_other_trackers(imported_, object.get(), known.id.get());
  }
}

void Tracker::open() {
  notice_other_trackers();
  PyObject* objects =
      checked_lookup(PyDict_GetItemWithError(sys_dict_, imported_.names.tracker));
  if (objects != nullptr && objects == objects_) return;
  known_.clear();
  ids_.clear();
  last_read_.reset();
  ++epoch_;
  Ref opened = objects != nullptr
                   ? Ref::borrow(objects)
                   : checked(PyObject_CallNoArgs(imported_.weak_value_dictionary));
  if (objects == nullptr)
    checked_status(PyDict_SetItem(sys_dict_, imported_.names.tracker, opened.get()));
  Ref tokens = checked(PyObject_GetAttr(opened.get(), imported_.names.attr_dict));
  Ref references = checked(PyObject_GetAttr(opened.get(), imported_.names.data));
  if (!PyDict_Check(tokens.get()) || !PyDict_Check(references.get())) {
    cpython::raise_format(PyExc_RuntimeError, "sys.%U is no WeakValueDictionary",
                          imported_.names.tracker);
  }
  Py_XSETREF(objects_, opened.release());
  Py_XSETREF(tokens_, tokens.release());
  Py_XSETREF(references_, references.release());
}

}  // namespace cppickle::identity
