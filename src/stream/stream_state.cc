#include "stream/stream_state.h"

#include <algorithm>
#include <cstdint>

#include "core/opcode.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/reads.h"
#include "parts/class_parts.h"

namespace cppickle::stream {

using core::Opcode;
using cpython::checked;
using cpython::Names;
using cpython::read_attribute_or_none;
using cpython::read_entry;
using cpython::Ref;
using parts::ClassName;
using parts::name_of_class;
using pickling::Pickler;
using pickling::Script;
using policy::GlobalName;

namespace {

constexpr std::size_t kFewNamespaces = 8;

}  // namespace

bool is_home_namespace(PyObject* globals, const Names& names) {
  PyObject* name = read_entry(globals, names.attr_name);
  if (name == nullptr || !PyUnicode_CheckExact(name)) return false;
  PyObject* module = cpython::read_loaded_module(name);
  if (module != nullptr && PyModule_Check(module) &&
      PyModule_GetDict(module) == globals)
    return true;
  PyObject* sharing = cpython::read_loaded_module(names.namespaces_module);
  if (sharing == nullptr || !PyModule_Check(sharing)) return false;
  PyObject* spaces = cpython::read_module_entry(sharing, names.spaces);
  return spaces != nullptr && PyDict_CheckExact(spaces) &&
         read_entry(spaces, name) == globals;
}

RecordingInProgress::~RecordingInProgress() = default;

bool StreamState::travels_by_value(Pickler& pickler, PyObject* cls) {
  if (context_.known_global(cls).module != nullptr) return false;
  ClassName name = name_of_class(reinterpret_cast<PyTypeObject*>(cls), pickler.names());
  return !context_.policy().is_importable(pickler, cls,
                                          {name.module.get(), name.qualname.get()});
}

bool StreamState::save_under_own_name(Pickler& pickler, PyObject* object,
                                      PyObject* name_attribute) {
  pickler.before_foreign_code();
  Ref module = read_attribute_or_none(object, pickler.names().attr_module);
  Ref name = read_attribute_or_none(object, name_attribute);
  if (!module || !name || !PyUnicode_Check(name.get())) return false;
  GlobalName borrowed{module.get(), name.get()};
  if (!context_.policy().is_importable(pickler, object, borrowed)) return false;
  pickler.emit_global(object, borrowed.module, borrowed.qualname);
  return true;
}

void StreamState::scan_new_modules() {
  if (!std::exchange(has_scanned_modules_, true)) context_.scan_new_modules();
}

void StreamState::clear() {
  has_scanned_modules_ = false;
  may_read_modules_ = true;
  guarded_ = false;
  namespaces_.clear();
  namespace_index_.clear();
  classes_.clear();
  imported_modules_.reset();
  in_progress_.reset();
}

int StreamState::traverse(visitproc visit, void* arg) const {
  for (const auto& space : namespaces_) {
    Py_VISIT(space->globals.get());
    Py_VISIT(space->memo_key.get());
    Py_VISIT(space->module.get());
  }
  for (const auto& [dict, cls] : classes_) Py_VISIT(cls.get());
  Py_VISIT(imported_modules_.get());
  return 0;
}

Namespace& StreamState::namespace_of(PyObject* globals) {
  // Most streams have one or two: to look at each is quicker than a hash table.
  if (namespaces_.size() <= kFewNamespaces) {
    for (const auto& space : namespaces_) {
      if (space->globals.get() == globals) return *space;
    }
  } else if (auto found = namespace_index_.find(globals);
             found != namespace_index_.end()) {
    return *found->second;
  }
  auto space = std::make_unique<Namespace>();
  space->globals = Ref::borrow(globals);
  // Not the dict itself: that may be in the same stream as data.
  space->memo_key = checked(cpython::new_object());
  if (context_.is_dynamic_namespace(globals)) {
    space->module = checked(cpython::new_object());
    space->module_name =
        Ref::borrow(read_entry(globals, context_.imported().names.attr_name));
  }
  space->is_shared = options_.namespaces == Namespaces::kShared && !space->module &&
                     is_home_namespace(globals, context_.imported().names);
  namespaces_.push_back(std::move(space));
  if (namespaces_.size() == kFewNamespaces + 1) {
    for (const auto& known : namespaces_)
      namespace_index_.emplace(known->globals.get(), known.get());
  } else if (namespaces_.size() > kFewNamespaces) {
    namespace_index_.emplace(globals, namespaces_.back().get());
  }
  return *namespaces_.back();
}

std::optional<std::size_t> StreamState::namespace_place(PyObject* memo_key) const {
  auto found = std::ranges::find_if(namespaces_, [&](const auto& space) {
    return space->memo_key.get() == memo_key;
  });
  if (found == namespaces_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - namespaces_.begin());
}

void StreamState::restore_namespace(PyObject* globals, const std::vector<Ref>& sent) {
  Namespace& space = namespace_of(globals);
  for (const Ref& name : sent) space.note_sent(name.get());
}

void StreamState::note_class(PyObject* cls) {
  PyObject* dict = cpython::type_dict(reinterpret_cast<PyTypeObject*>(cls));
  classes_.insert_or_assign(dict, Ref::borrow(cls));
}

PyObject* StreamState::class_with_namespace(PyObject* object) const {
  if (Py_TYPE(object) == &PyDictProxy_Type) object = cpython::proxied_mapping(object);
  auto found = classes_.find(object);
  return found == classes_.end() ? nullptr : found->second.get();
}

bool StreamState::imports_first_time(PyObject* module_name) {
  if (!imported_modules_) imported_modules_ = checked(PySet_New(nullptr));
  if (cpython::checked_status(PySet_Contains(imported_modules_.get(), module_name)))
    return false;
  cpython::checked_status(PySet_Add(imported_modules_.get(), module_name));
  return true;
}

std::vector<Ref> StreamState::imported_modules() const {
  std::vector<Ref> names;
  Py_ssize_t position = 0;
  PyObject* name;
  while (imported_modules_ &&
         cpython::set_next(imported_modules_.get(), &position, &name))
    names.push_back(Ref::borrow(name));
  return names;
}

// --- Digests ----------------------------------------------------------------

namespace {

// No extension code (copyreg) is that large, so nothing else is written like an edge.
constexpr std::uint32_t kFirstEdge = 0x8000'0000u;

std::uint32_t add_edge(DigestText& text, PyObject* object, PyObject* name) {
  text.edges.push_back({Ref::borrow(object), Ref::borrow(name)});
  return kFirstEdge | static_cast<std::uint32_t>(text.edges.size() - 1);
}

}  // namespace

// The guard of code names the version of Python and says nothing of the content.
void StreamState::write_digest(DigestText& text) {
  digest_ = &text;
  guarded_ = true;
}

bool StreamState::save_as_edge(Pickler& pickler, PyObject* object) {
  if (digest_ == nullptr || object == digest_->root) return false;
  pickler.memo().own_keys();  // from here on the memo holds the object
  pickler.emitter().op_uint4(Opcode::EXT4, add_edge(*digest_, object, nullptr));
  // Mentioned again it is a GET: edges come in the order of their first mention, and
  // each once.
  pickler.memoize_or_get(object);
  // A cell may hold its namespace (__classdict__), and refers to the class then.
  if (PyType_Check(object)) note_class(object);
  return true;
}

// Edges are numbered as they are written: a script may do that later.
void StreamState::write_entry_edge(Script& script, PyObject* globals, PyObject* name) {
  auto write = [](Pickler& pickler, PyObject* entry) {
    pickler.emitter().op_uint4(
        Opcode::EXT4, add_edge(*of(pickler).digest_, PyTuple_GET_ITEM(entry, 0),
                               PyTuple_GET_ITEM(entry, 1)));
  };
  Ref entry = checked(PyTuple_Pack(2, globals, name));
  script.is_direct() ? write(script.pickler(), entry.get())
                     : void(script.call(write, entry.get()));
}

void StreamState::end_bases(Script& script) {
  if (digest_ == nullptr) return;
  auto note = [](Pickler& pickler, PyObject*) {
    DigestText& text = *of(pickler).digest_;
    text.shape_edges = text.edges.size();
  };
  script.is_direct() ? note(script.pickler(), nullptr)
                     : void(script.call(note, nullptr));
}

void StreamState::end_shape(Script& script) {
  if (digest_ == nullptr) return;
  auto note = [](Pickler& pickler, PyObject*) {
    of(pickler).digest_->shape_size = pickler.emitter().size();
  };
  script.is_direct() ? note(script.pickler(), nullptr)
                     : void(script.call(note, nullptr));
}

}  // namespace cppickle::stream
