#include "by_value/tracker.h"

#include "by_value/helper.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::checked_lookup;
using cpython::checked_status;
using cpython::Ref;

namespace {

constexpr std::size_t kManyKnown = 1024;  // from here on the dead are looked for

unsigned version_of(PyObject* object) {
  return PyType_Check(object) ? cpython::type_version(reinterpret_cast<PyTypeObject*>(object)) : 0;
}

}  // namespace

void Tracker::load() { helper_ = made_helper().release(); }

int Tracker::traverse(visitproc visit, void* arg) const {
  Py_VISIT(objects_);
  Py_VISIT(tokens_);
  Py_VISIT(helper_);
  return 0;
}

void Tracker::release() {
  known_.clear();
  Py_CLEAR(objects_);
  Py_CLEAR(tokens_);
  Py_CLEAR(helper_);
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
    if (known_.size() >= kManyKnown) {
      std::erase_if(known_, [](const auto& entry) { return !cpython::weakly_referenced(entry.second.weak.get()); });
    }
    known = &known_.insert_or_assign(object, Known{}).first->second;
    known->weak = checked(PyWeakref_NewRef(object, nullptr));
    enter(object, digest.bytes.get(), *known);
  }
  known->token = std::move(digest.bytes);
  known->version = digest.changes_with_version ? version_of(object) : 0;
  return {known->id.get(), known->token.get()};
}

Tracker::Known* Tracker::find(PyObject* object) {
  auto found = known_.find(object);
  if (found == known_.end()) return nullptr;
  // Another object may have lived at this address.
  if (cpython::weakly_referenced(found->second.weak.get()).get() == object) return &found->second;
  known_.erase(found);
  return nullptr;
}

// The id under which the helper has built the object, or an empty Ref.
Ref Tracker::id_in_process(PyObject* object) {
  Py_ssize_t position = 0;
  PyObject *id, *weak;
  while (PyDict_Next(objects_, &position, &id, &weak)) {
    if (PyWeakref_CheckRef(weak) && cpython::weakly_referenced(weak).get() == object) return Ref::borrow(id);
  }
  return Ref();
}

// Gives an object that is met for the first time its id, and makes it known in the process.
void Tracker::enter(PyObject* object, PyObject* digest, Known& known) {
  known.id = id_in_process(object);
  if (known.id) return;
  known.id = Ref::borrow(digest);
  for (int number = 2;; ++number) {
    PyObject* weak = checked_lookup(PyDict_GetItemWithError(objects_, known.id.get()));
    if (weak == nullptr || !PyWeakref_CheckRef(weak) || !cpython::weakly_referenced(weak)) break;
    PyObject* id = Py_NewRef(digest);
    PyBytes_ConcatAndDel(&id, PyBytes_FromFormat("-%d", number));
    known.id = checked(id);
  }
  Ref own = checked(PyLong_FromLong(0));
  checked_status(PyDict_SetItem(objects_, known.id.get(), known.weak.get()));
  checked_status(PyDict_SetItem(tokens_, known.id.get(), own.get()));
}

// The module is looked for at every dump: the first stream with a class may have made it.
void Tracker::open() {
  PyObject* modules = cpython::loaded_modules();
  Ref module = Ref::borrow(checked_lookup(PyDict_GetItemString(modules, kTrackerModule)));
  if (!module) {
    module = checked(PyModule_New(kTrackerModule));
    Ref objects = checked(PyDict_New());
    Ref tokens = checked(PyDict_New());
    checked_status(PyObject_SetAttrString(module.get(), "objects", objects.get()));
    checked_status(PyObject_SetAttrString(module.get(), "tokens", tokens.get()));
    checked_status(PyDict_SetItemString(modules, kTrackerModule, module.get()));
  }
  auto table = [&](const char* name) {
    Ref dict = checked(PyObject_GetAttrString(module.get(), name));
    if (!PyDict_CheckExact(dict.get())) {
      cpython::raise_format(PyExc_RuntimeError, "%s.%s is no dict", kTrackerModule, name);
    }
    return dict;
  };
  Ref objects = table("objects");
  Ref tokens = table("tokens");
  if (objects.get() == objects_ && tokens.get() == tokens_) return;
  known_.clear();
  Py_XSETREF(objects_, objects.release());
  Py_XSETREF(tokens_, tokens.release());
}

}  // namespace cppickle::by_value
