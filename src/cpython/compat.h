// Everything that differs between CPython versions or is not in the stable or public
// API.
#ifndef CPPICKLE_CPYTHON_COMPAT_H_
#define CPPICKLE_CPYTHON_COMPAT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "cpython/error.h"
#include "cpython/ref.h"

namespace cppickle::cpython {

// --- References -------------------------------------------------------------

// True when there are no more than `count` references to `object`.
inline bool has_references(PyObject* object, Py_ssize_t count) {
  return Py_REFCNT(object) == count;
}
// True when the only reference to `object` is the one that its container holds.
inline bool is_sole_reference(PyObject* object) { return has_references(object, 1); }

// True for equal strings; quick where both are interned.
inline bool same_name(PyObject* left, PyObject* right) {
  if (left == right) return true;
  if (PyUnicode_CHECK_INTERNED(left) && PyUnicode_CHECK_INTERNED(right)) return false;
  return PyUnicode_Compare(left, right) == 0;
}

inline bool is_any_of(PyObject* name, std::initializer_list<PyObject*> candidates) {
  for (PyObject* candidate : candidates) {
    if (same_name(name, candidate)) return true;
  }
  return false;
}

// The hash of an exact str, which it keeps.
inline Py_hash_t str_hash(PyObject* text) {
  Py_hash_t hash = reinterpret_cast<PyASCIIObject*>(text)->hash;
  return hash != -1 ? hash : PyObject_Hash(text);
}

// True for exact str of equal content.
inline bool same_str(PyObject* left, PyObject* right) {
  return PyUnicode_GET_LENGTH(left) == PyUnicode_GET_LENGTH(right) &&
         PyUnicode_KIND(left) == PyUnicode_KIND(right) &&
         std::memcmp(PyUnicode_DATA(left), PyUnicode_DATA(right),
                     static_cast<std::size_t>(PyUnicode_GET_LENGTH(left)) *
                         PyUnicode_KIND(left)) == 0;
}

// Fetches what is going to be read of an object, and of one whose head has been
// fetched.
inline void prefetch_head(PyObject* object) { __builtin_prefetch(object); }
inline void prefetch_content(PyObject* object) {
  if (!PyDict_CheckExact(object)) return;
  auto keys = reinterpret_cast<char*>(reinterpret_cast<PyDictObject*>(object)->ma_keys);
  __builtin_prefetch(keys);
  __builtin_prefetch(keys + 64);
  __builtin_prefetch(keys + 128);
}

// A new object(), which is nothing but its identity.
inline PyObject* new_object() { return PyObject_New(PyObject, &PyBaseObject_Type); }

// --- Attributes -------------------------------------------------------------

// The attribute, or an empty Ref when there is none (AttributeError does not surface).
// Runs foreign code.
Ref lookup_attribute(PyObject* object, PyObject* name);
// Calls the method of an object that has it for sure.  Runs foreign code.
Ref call_method(PyObject* object, PyObject* name, PyObject* argument = nullptr);
// The attribute of the type along its MRO without descriptors or __getattr__; borrowed
// or null.  Runs no foreign code.
PyObject* type_lookup(PyTypeObject* type, PyObject* name);
// A type's own namespace; borrowed, never null for a ready type.  Static builtin types
// included.
PyObject* type_dict(PyTypeObject* type);
// True when a call to object's own method would be made: `name` along the MRO is what
// `object` defines.
bool is_objects_own(PyTypeObject* type, PyObject* name);
// False for a class whose __name__ surely does not begin as copyreg.__newobj__'s does.
inline bool may_be_called_newobj(PyObject* cls) {
  auto type = reinterpret_cast<PyTypeObject*>(cls);
  if ((type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0) {
    PyObject* name = reinterpret_cast<PyHeapTypeObject*>(cls)->ht_name;
    return PyUnicode_GET_LENGTH(name) != 0 && PyUnicode_READ_CHAR(name, 0) == '_';
  }
  return std::string_view(type->tp_name).find("__newobj") != std::string_view::npos;
}
// Changes with every change of the type and its bases, unique in the interpreter; 0:
// the type has none just now.
std::uint64_t type_version(PyTypeObject* type);
#if PY_VERSION_HEX >= 0x030b0000
// The tag that look-ups have given the type; 0: none, or it is not valid any more.
inline unsigned int type_tag(PyTypeObject* type) {
#if PY_VERSION_HEX < 0x030d0000
  if ((type->tp_flags & Py_TPFLAGS_VALID_VERSION_TAG) == 0) return 0;
#endif
  return type->tp_version_tag;
}
#endif
// True when `version`, which the type has had, is its version still.
inline bool has_version(PyTypeObject* type, std::uint64_t version) {
#if PY_VERSION_HEX >= 0x030b0000
  if (version != 0 && type_tag(type) == version) [[likely]]
    return true;
#endif
  return version != 0 && version == type_version(type);
}
// The place of the value in instances of `type`, when `descriptor` is a member of
// objects as __slots__ makes them in that class or a base; else false.
bool object_member_offset(PyTypeObject* type, PyObject* descriptor, Py_ssize_t& offset);
// The same for the type's member `name`, which may be read-only; -1: there is none.
Py_ssize_t object_field_offset(PyTypeObject* type, PyObject* name);
// The instance's __dict__ (made when it is lazy), or an empty Ref when its type has
// none.
Ref instance_dict(PyObject* object);

// --- Functions, classes, builtin wrappers -----------------------------------

// What FunctionType(code, ...) sets as __doc__; borrowed.
PyObject* implied_doc(PyObject* code);
// The slots of a function that only some versions have; borrowed or null.
PyObject* function_type_params(PyObject* function);
PyObject* function_annotate(PyObject* function);
// __annotations__ as a dict, or null when there are none or they are made on demand by
// function_annotate(); borrowed.
PyObject* function_annotations(PyObject* function);
// What a member of a builtin type holds, such as property's fget (tp_members);
// borrowed, None for null.
// REQUIRES: an object of exactly this type.
PyObject* builtin_member(PyObject* object, PyTypeObject& type, std::string_view name);
// The mapping behind a types.MappingProxyType; borrowed.
PyObject* proxied_mapping(PyObject* proxy);
// A class's qualified name; borrowed or null for static types (their tp_name has it).
PyObject* class_qualname(PyTypeObject* type);
// The name of an object's class with its module, as messages have it.
Ref type_name(PyObject* object);
// True for a class that a class statement (or type()) made; false for those made in C.
bool is_python_class(PyTypeObject* type);
// The module that a type was made with (PEP 573), or null; borrowed. PyType_GetModule()
// raises an error where there is none, which takes longer than a small dump.
inline PyObject* module_of_type(PyTypeObject* type) {
  bool on_heap = (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
  return on_heap ? reinterpret_cast<PyHeapTypeObject*>(type)->ht_module : nullptr;
}
// The class made in C that the type is or derives its layout from.
inline PyTypeObject* builtin_base(PyTypeObject* type) {
  while (is_python_class(type)) type = type->tp_base;
  return type;
}

// What the object holds, in the order in which its type tells the garbage collector;
// not its type.
std::vector<Ref> referents(PyObject* object);

// --- Weak references --------------------------------------------------------

// What a weak reference refers to, or an empty Ref when that is gone.
Ref weakly_referenced(PyObject* weak);
// What is called when that goes; borrowed, or null.  A proxy does not tell it itself.
inline PyObject* weak_callback(PyObject* weak) {
  return reinterpret_cast<PyWeakReference*>(weak)->wr_callback;
}

// --- Bytes ------------------------------------------------------------------

inline std::string_view bytes_view(PyObject* bytes) {
  return {PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))};
}
// The characters of a str for which PyUnicode_IS_COMPACT_ASCII holds.
inline std::string_view compact_ascii(PyObject* text) {
  auto head = reinterpret_cast<PyASCIIObject*>(text);
  return {reinterpret_cast<const char*>(head + 1),
          static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
}
// A str's UTF-8, which lives as long as it does.  Throws ErrorSet for lone surrogates.
std::string_view utf8_view(PyObject* text);
// Changes the size of a bytes object that nothing else refers to.
void resize_bytes(Ref& bytes, Py_ssize_t size);

// --- Integers, sets, interpreter --------------------------------------------

// The two's complement of `value`, little endian, of the fewest bytes.  `out` has
// long_byte_count bytes.
std::size_t long_byte_count(PyObject* value);
void long_as_bytes(PyObject* value, char* out, std::size_t count);
// The value when it is a compact int that fits 32 bits; false when another way is
// needed.
inline bool small_int(PyObject* value, std::int32_t& out) {
  auto number = reinterpret_cast<PyLongObject*>(value);
#if PY_VERSION_HEX >= 0x030c0000
  if (!PyUnstable_Long_IsCompact(number)) return false;
  Py_ssize_t compact = PyUnstable_Long_CompactValue(number);
#else
  Py_ssize_t size = Py_SIZE(number);
  if (size < -1 || size > 1) return false;
  Py_ssize_t compact = size * static_cast<Py_ssize_t>(number->ob_digit[0]);
#endif
  out = static_cast<std::int32_t>(compact);  // a digit has 30 bits
  return true;
}
// True for an int that small_int() answers.
inline bool is_compact_int(PyObject* object) {
  std::int32_t value;
  return PyLong_CheckExact(object) && small_int(object, value);
}

// importlib.util.MAGIC_NUMBER of this interpreter: 4 bytes.
std::string_view bytecode_magic();
// "3.11"
inline constexpr std::string_view kPythonVersion =
    Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION);

// PyErr_GetRaisedException and PyErr_SetRaisedException for all versions: the exception
// is normalised and has its traceback.
Ref take_raised();
void set_raised(Ref exception);

// Keeps the garbage collector from running, which would run finalizers.  From 3.12 on
// it never runs inside of C code.
class CollectorPause {
 public:
  CollectorPause() = default;
  CollectorPause(const CollectorPause&) = delete;
  CollectorPause& operator=(const CollectorPause&) = delete;
  ~CollectorPause() { end(); }
  void begin();
  void end();

  // While this lives the collector runs, as far as it did before the pause.
  class Lifted {
   public:
    explicit Lifted(CollectorPause& pause) : pause_(pause), was_begun_(pause.begun_) {
      pause_.end();
    }
    Lifted(const Lifted&) = delete;
    Lifted& operator=(const Lifted&) = delete;
    ~Lifted() {
      if (was_begun_) pause_.begin();
    }

   private:
    CollectorPause& pause_;
    bool was_begun_;
  };

 private:
  bool begun_ = false;
  bool disabled_ = false;  // by this pause, and not by somebody before
};

// The standard pickler of this version writes the last item of a list or dict without a
// MARK when it is alone in its batch, and no empty batch.
inline constexpr bool kLoneItemsHaveNoMark = PY_VERSION_HEX >= 0x030f0000;

// The standard pickler of this version writes a dotted name before protocol 4 as nested
// calls of getattr around its first part; older ones memoize each of the parents.
inline constexpr bool kDottedNamesAreOneExpression = PY_VERSION_HEX >= 0x030d0000;
// The list from which pathlib's __reduce__ takes its arguments; null: it makes them.
inline constexpr const char* kPathParts = PY_VERSION_HEX >= 0x030d0000   ? "_raw_paths"
                                          : PY_VERSION_HEX >= 0x030c0000 ? nullptr
                                                                         : "_parts";

// What the standard pickler raises for a global name with <locals> in it.
PyObject* local_object_error(PyObject* pickling_error);

// The module of that name in sys.modules, or null; borrowed.
PyObject* loaded_module(PyObject* name);
// sys.modules; borrowed.
PyObject* loaded_modules();

}  // namespace cppickle::cpython

#endif  // CPPICKLE_CPYTHON_COMPAT_H_
