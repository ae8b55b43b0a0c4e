#include "by_value/tracker.h"

#include "by_value/helper.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::checked_lookup;
using cpython::checked_status;
using cpython::Ref;

namespace {

constexpr std::size_t kManyKnown = 1024;  // from here on the dead are looked for

unsigned version_of(PyObject* object) {
  return PyType_Check(object)
             ? cpython::type_version(reinterpret_cast<PyTypeObject*>(object))
             : 0;
}

}  // namespace

void Tracker::load() {
  helpers_ = made_helpers();
  weak_values_ = cpython::import_attribute("weakref", "WeakValueDictionary").release();
  keyed_reference_ = cpython::import_attribute("weakref", "KeyedRef").release();
}

int Tracker::traverse(visitproc visit, void* arg) const {
  Py_VISIT(objects_);
  Py_VISIT(tokens_);
  Py_VISIT(references_);
  Py_VISIT(weak_values_);
  Py_VISIT(keyed_reference_);
  Py_VISIT(helpers_.tracked.get());
  Py_VISIT(helpers_.unhooked.get());
  return 0;
}

void Tracker::release() {
  known_.clear();
  helpers_ = {};
  for (PyObject** owned :
       {&objects_, &tokens_, &references_, &weak_values_, &keyed_reference_})
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
    if (known_.size() >= kManyKnown) {
      std::erase_if(known_, [](const auto& entry) {
        return !cpython::weakly_referenced(entry.second.weak.get());
      });
    }
    known = &known_.insert_or_assign(object, Known{}).first->second;
    known->weak = checked(PyWeakref_NewRef(object, nullptr));
    enter(object, digest.bytes.get(), *known);
  }
  // One object for equal bytes: a stream then refers to it, in every process alike.
  int same = checked_status(
      PyObject_RichCompareBool(digest.bytes.get(), known->id.get(), Py_EQ));
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
  known_.erase(found);
  return nullptr;
}

// The id under which a stream has brought the object, or an empty Ref.
Ref Tracker::id_in_process(PyObject* object) const {
  Py_ssize_t position = 0;
  PyObject *id, *weak;
  while (PyDict_Next(references_, &position, &id, &weak)) {
    if (PyWeakref_CheckRef(weak) && cpython::weakly_referenced(weak).get() == object)
      return Ref::borrow(id);
  }
  return Ref();
}

bool Tracker::is_taken(PyObject* id) const {
  PyObject* weak = checked_lookup(PyDict_GetItemWithError(references_, id));
  return weak != nullptr && PyWeakref_CheckRef(weak) &&
         cpython::weakly_referenced(weak);
}

// Gives an object that is met for the first time its id, and makes it known in the
// process: as WeakValueDictionary.__setitem__ would, which is Python code.
void Tracker::enter(PyObject* object, PyObject* digest, Known& known) {
  known.id = id_in_process(object);
  if (known.id) return;
  known.id = Ref::borrow(digest);
  for (int number = 2; is_taken(known.id.get()); ++number) {
    PyObject* id = Py_NewRef(digest);
    PyBytes_ConcatAndDel(&id, PyBytes_FromFormat("-%d", number));
    known.id = checked(id);
  }
  Ref own = checked(PyLong_FromLong(0));
  Ref remove = checked(PyObject_GetAttrString(objects_, "_remove"));
  auto type = reinterpret_cast<PyTypeObject*>(keyed_reference_);
  Ref arguments = checked(PyTuple_Pack(2, object, remove.get()));
  Ref weak = checked(type->tp_base->tp_new(type, arguments.get(), nullptr));
  checked_status(PyObject_SetAttrString(weak.get(), "key", known.id.get()));
  checked_status(PyDict_SetItem(references_, known.id.get(), weak.get()));
  Ref methods_id = checked(PyTuple_Pack(1, known.id.get()));
  for (PyObject* id : {known.id.get(), methods_id.get()})
    checked_status(PyDict_SetItem(tokens_, id, own.get()));
}

// The tables are looked for at every dump: a stream that was loaded may have made them.
void Tracker::open() {
  PyObject* objects = PySys_GetObject(kTrackerName);
  if (objects != nullptr && objects == objects_) return;
  known_.clear();
  Ref opened = objects != nullptr ? Ref::borrow(objects)
                                  : checked(PyObject_CallNoArgs(weak_values_));
  if (objects == nullptr) checked_status(PySys_SetObject(kTrackerName, opened.get()));
  Ref tokens = checked(PyObject_GetAttrString(opened.get(), "__dict__"));
  Ref references = checked(PyObject_GetAttrString(opened.get(), "data"));
  if (!PyDict_Check(tokens.get()) || !PyDict_Check(references.get())) {
    cpython::raise_format(PyExc_RuntimeError, "sys.%s is no WeakValueDictionary",
                          kTrackerName);
  }
  Py_XSETREF(objects_, opened.release());
  Py_XSETREF(tokens_, tokens.release());
  Py_XSETREF(references_, references.release());
}

}  // namespace cppickle::by_value
