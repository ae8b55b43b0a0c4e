// Reads of the user's objects, by which the bytes of a dump depend on them.
//
// What the reducers of functions and classes look at, and what the check of recordings
// (caching/cache_key_builder.h) looks at, goes through these functions.  In an ordinary
// build each is the plain read and nothing else.  With -DCPPICKLE_LOG_READS=ON each is
// noted as well, so that a test can tell whether the check has read all that the
// reducers did (recording/read_check.h).
//
// Reads of objects that the library has made itself, and of code objects, which do not
// change, are called own_*(): they are not noted.
#ifndef CPPICKLE_CPYTHON_READS_H_
#define CPPICKLE_CPYTHON_READS_H_

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <span>
#include <string_view>
#include <vector>

#include "cpython/attributes.h"
#include "cpython/compat.h"
#include "cpython/dicts.h"
#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

#ifdef CPPICKLE_LOG_READS
inline constexpr bool kLogsReads = true;
#else
inline constexpr bool kLogsReads = false;
#endif

// What has been read of an object.
enum class Read : std::uint8_t {
  kField,     // one field; `part` is its name
  kEntry,     // what a dict or a namespace has under one name, or that it has none
  kContent,   // all of a container, a cell or an instance
  kType,      // its type
  kClass,     // anything of a class that its version stands for
  kCode,      // anything of a code object
  kVerdict,   // whether a name leads to it
  kReducer,   // whether the dispatch table has its class
  kReduction  // what the object itself answers
};

// To be defined where reads are logged (read_log.h).
void log_read(Read kind, PyObject* object, std::string_view part);
void log_read(Read kind, PyObject* object, PyObject* name);
void log_made(PyObject* object);

template <typename Part = std::string_view>
inline void note_read(Read kind, PyObject* object, Part part = {}) {
  if constexpr (kLogsReads) log_read(kind, object, part);
}
// The object belongs to the library: what is read of it needs no check.
inline void note_made(PyObject* object) {
  if constexpr (kLogsReads) log_made(object);
}
// The same of a function and what it consists of.
inline void note_made_function(PyObject* object) {
  if constexpr (kLogsReads) {
    auto function = reinterpret_cast<PyFunctionObject*>(object);
    for (PyObject* part : {object, function->func_code, function->func_globals,
                           function->func_defaults, function->func_kwdefaults})
      log_made(part);
  }
}

// --- Objects ----------------------------------------------------------------

inline PyObject* as_object(PyTypeObject* type) {
  return reinterpret_cast<PyObject*>(type);
}

inline PyTypeObject* read_type(PyObject* object) {
  note_read(Read::kType, object);
  return Py_TYPE(object);
}
// A field of the C struct: read_field<&PyFunctionObject::func_doc>(function).
template <auto kMember>
inline auto read_field(PyObject* object) {
  if constexpr (kLogsReads) {
    std::string_view text = std::source_location::current().function_name();
    std::size_t begin = text.rfind("::") + 2;
    log_read(Read::kField, object,
             text.substr(begin, text.find_first_of("];,", begin) - begin));
  }
  return [&]<typename Struct, typename Member>(Member Struct::* member) {
    return reinterpret_cast<Struct*>(object)->*member;
  }(kMember);
}
// As getattr(object, name); the second is empty where there is no such attribute.  Run
// foreign code.
inline Ref read_attribute(PyObject* object, PyObject* name) {
  note_read(Read::kField, object, name);
  return checked(PyObject_GetAttr(object, name));
}
inline Ref read_attribute_or_none(PyObject* object, PyObject* name) {
  note_read(Read::kField, object, name);
  return lookup_attribute(object, name);
}
// What does not change as long as its owner exists, or an empty Ref.
inline Ref own_attribute(PyObject* object, const char* name) {
  Ref text = checked(PyUnicode_InternFromString(name));
  return lookup_attribute(object, text.get());
}
// What a member of a builtin type holds (see builtin_member()).
inline PyObject* read_member(PyObject* object, PyTypeObject& type,
                             std::string_view name) {
  note_read(Read::kField, object, name);
  return builtin_member(object, type, name);
}
// The mapping behind a types.MappingProxyType.
inline PyObject* read_proxied(PyObject* proxy) {
  note_read(Read::kContent, proxy);
  return proxied_mapping(proxy);
}
// The __dict__ of an instance, made when it is lazy; its content is read by itself.
inline Ref read_instance_dict(PyObject* object) {
  note_read(Read::kContent, object);
  return instance_dict(object);
}
// See referents().
inline std::vector<Ref> read_referents(PyObject* object) {
  note_read(Read::kContent, object);
  return referents(object);
}
// True when the instance has an attribute of its own under the name.
inline bool read_has_attribute(PyObject* object, PyObject* name) {
  note_read(Read::kContent, object);
  return has_attribute(object, name);
}

// --- Containers -------------------------------------------------------------

inline PyObject* own_entry(PyObject* dict, PyObject* name) {
  return dict_entry(dict, name);
}
inline PyObject* own_entry(PyObject* dict, const char* name) {
  return dict_entry(dict, name);
}
inline PyObject* read_entry(PyObject* dict, PyObject* name) {
  note_read(Read::kEntry, dict, name);
  return own_entry(dict, name);
}
inline PyObject* read_module_entry(PyObject* module, PyObject* name) {
  return read_entry(PyModule_GetDict(module), name);
}

// The module of that name, or null.
inline PyObject* read_loaded_module(PyObject* name) {
  note_read(Read::kEntry, loaded_modules(), name);
  return loaded_module(name);
}

// The items of a tuple or list, which must not change meanwhile.
inline std::span<PyObject* const> own_items(PyObject* sequence) {
  PyObject** items = PySequence_Fast_ITEMS(sequence);
  return {items, static_cast<std::size_t>(PySequence_Fast_GET_SIZE(sequence))};
}
inline std::span<PyObject* const> read_items(PyObject* sequence) {
  note_read(Read::kContent, sequence);
  return own_items(sequence);
}

// As PyDict_Next.
inline bool own_next(PyObject* dict, Py_ssize_t* position, PyObject** key,
                     PyObject** value) {
  return PyDict_Next(dict, position, key, value) != 0;
}
inline bool read_next(PyObject* dict, Py_ssize_t* position, PyObject** key,
                      PyObject** value) {
  note_read(Read::kContent, dict);
  return own_next(dict, position, key, value);
}
inline std::size_t own_size(PyObject* dict) {
  return static_cast<std::size_t>(PyDict_GET_SIZE(dict));
}
inline std::size_t read_size(PyObject* dict) {
  note_read(Read::kContent, dict);
  return own_size(dict);
}
inline std::size_t read_set_size(PyObject* set) {
  note_read(Read::kContent, set);
  return static_cast<std::size_t>(PySet_GET_SIZE(set));
}
inline PyObject* read_cell(PyObject* cell) {
  note_read(Read::kContent, cell);
  return PyCell_GET(cell);
}

// --- Functions --------------------------------------------------------------

// See function_annotations() and its neighbours.
inline PyObject* read_annotations(PyObject* function) {
  note_read<std::string_view>(Read::kField, function, "func_annotations");
  return function_annotations(function);
}
inline PyObject* read_annotate(PyObject* function) {
  note_read<std::string_view>(Read::kField, function, "func_annotate");
  return function_annotate(function);
}
inline PyObject* read_type_params(PyObject* function) {
  note_read<std::string_view>(Read::kField, function, "func_typeparams");
  return function_type_params(function);
}
// Returns the code object: whatever is read of it does not change.
inline PyObject* read_code(PyObject* code) {
  note_read(Read::kCode, code);
  return code;
}

// --- Classes ----------------------------------------------------------------

// Returns the class, of which the caller reads what its version stands for: its own
// namespace and those of its MRO, its bases, its layout.
inline PyTypeObject* read_class(PyTypeObject* type) {
  note_read(Read::kClass, as_object(type));
  return type;
}
inline PyObject* own_class_dict(PyTypeObject* type) { return type_dict(type); }
inline PyObject* read_class_dict(PyTypeObject* type) {
  return type_dict(read_class(type));
}
inline PyObject* read_class_entry(PyTypeObject* type, PyObject* name) {
  return own_entry(read_class_dict(type), name);
}
inline PyObject* read_type_lookup(PyTypeObject* type, PyObject* name) {
  return type_lookup(read_class(type), name);
}
inline std::span<PyObject* const> read_bases(PyTypeObject* type) {
  return own_items(read_class(type)->tp_bases);
}
inline std::span<PyObject* const> read_mro(PyTypeObject* type) {
  return own_items(read_class(type)->tp_mro);
}
// The class made in C that the type is or derives its layout from.
inline PyTypeObject* read_builtin_base(PyTypeObject* type) {
  return builtin_base(read_class(type));
}
// What _abc._get_dump() tells of an abstract base class: its registry comes first.
inline Ref read_abc_dump(PyObject* get_dump, PyObject* cls) {
  note_read<std::string_view>(Read::kField, cls, "_abc_impl");
  return checked(PyObject_CallOneArg(get_dump, cls));
}
// Names are no part of what the version stands for.
inline PyObject* read_class_name(PyTypeObject* heap_type) {
  return read_field<&PyHeapTypeObject::ht_name>(as_object(heap_type));
}
inline PyObject* read_class_qualname(PyTypeObject* type) {
  note_read<std::string_view>(Read::kField, as_object(type), "ht_qualname");
  return class_qualname(type);
}

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_READS_H_
