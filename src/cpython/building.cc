#include "cpython/building.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "cpython/compat.h"

namespace cppickle::cpython {

Ref long_from_bytes(std::string_view bytes) {
  if (bytes.size() <= sizeof(std::int64_t)) {
    std::uint64_t value = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~0ULL : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return checked(PyLong_FromLongLong(static_cast<std::int64_t>(value)));
  }
#if PY_VERSION_HEX >= 0x030d0000
  return checked(PyLong_FromNativeBytes(bytes.data(), bytes.size(),
                                        Py_ASNATIVEBYTES_LITTLE_ENDIAN));
#else
  return checked(
      _PyLong_FromByteArray(reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size(), /*little_endian=*/1, /*is_signed=*/1));
#endif
}

Ref str_from_utf8(std::string_view text) {
  auto size = static_cast<Py_ssize_t>(text.size());
  // Strings of one character are shared, which the decoder knows.
  if (size < 2 || !is_ascii(text))
    return checked(PyUnicode_DecodeUTF8(text.data(), size, "surrogatepass"));
  Ref made = checked(PyUnicode_New(size, 127));
  std::memcpy(PyUnicode_DATA(made.get()), text.data(), text.size());
  return made;
}

void extend_list(PyObject* list, PyObject* const* items, std::size_t count) {
  auto object = reinterpret_cast<PyListObject*>(list);
  auto size = static_cast<std::size_t>(Py_SIZE(list));
  std::size_t needed = size + count;
  // A list that is being sorted has -1 there, and no items.
  if (static_cast<Py_ssize_t>(needed) > object->allocated) {
    constexpr std::size_t kMost =
        static_cast<std::size_t>(std::numeric_limits<Py_ssize_t>::max()) /
        sizeof(PyObject*);
    std::size_t room = size == 0 ? needed : std::max(needed, size + size / 8 + 6);
    void* memory = room > kMost
                       ? nullptr
                       : PyMem_Realloc(object->ob_item, room * sizeof(PyObject*));
    if (memory == nullptr) throw std::bad_alloc();
    object->ob_item = static_cast<PyObject**>(memory);
    object->allocated = static_cast<Py_ssize_t>(room);
  }
  if (count != 0) std::memcpy(object->ob_item + size, items, count * sizeof *items);
  Py_SET_SIZE(object, static_cast<Py_ssize_t>(needed));
}

Ref readonly_buffer(PyObject* object) {
  Ref view = checked(PyMemoryView_FromObject(object));
  Py_buffer* buffer = PyMemoryView_GET_BUFFER(view.get());
  if (buffer->readonly) return Ref::borrow(object);
  buffer->readonly = 1;
  return view;
}

bool release_view(PyObject* view, PyObject* release_name) {
  auto buffer = reinterpret_cast<PyMemoryViewObject*>(view)->mbuf;
  Ref held = Ref::borrow(reinterpret_cast<PyObject*>(buffer));
  Ref released = Ref::steal(PyObject_CallMethodNoArgs(view, release_name));
  if (!released) PyErr_Clear();
  return released && buffer->exports == 0;
}

bool has_plain_dict(PyTypeObject* type, PyObject* dict_name) {
  if (!is_python_class(type)) return false;
  PyObject* found = type_lookup(type, dict_name);
  return found != nullptr && Py_IS_TYPE(found, &PyGetSetDescr_Type) &&
         is_python_class(PyDescr_TYPE(found));
}

bool has_locals(PyObject* name) {
  std::string_view text = utf8_view(name);
  constexpr std::string_view kLocals = "<locals>";
  while (true) {
    std::size_t dot = text.find('.');
    if (text.substr(0, dot) == kLocals) return true;
    if (dot == text.npos) return false;
    text.remove_prefix(dot + 1);
  }
}

#if PY_VERSION_HEX >= 0x030e0000
// What is raised where the path ends too early; empty if it does not, now.
static Ref error_of_path(PyObject* module, PyObject* path) {
  Ref dot = checked(PyUnicode_FromStringAndSize(".", 1));
  Ref parts = checked(PyUnicode_Split(path, dot.get(), -1));
  Ref found = Ref::borrow(module);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(parts.get()); ++i) {
    found = Ref::steal(PyObject_GetAttr(found.get(), PyList_GET_ITEM(parts.get(), i)));
    if (!found) return take_raised();
  }
  return {};
}
#endif

void raise_missing_global(PyObject* module, PyObject* module_name, PyObject* name,
                          bool dotted) {
#if PY_VERSION_HEX >= 0x030e0000
  if (!dotted || PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), 1) < 0) {
    Ref found = checked(PyObject_GetAttr(module, name));
    // It has come into being since it was missed.
    raise(PyExc_AttributeError, "the module is changing");
  }
  Ref context = error_of_path(module, name);
  PyErr_Format(PyExc_AttributeError, "Can't resolve path %R on module %R", name,
               module_name);
  Ref error = take_raised();
  if (context) PyException_SetContext(error.get(), context.release());
  set_raised(std::move(error));
  throw ErrorSet{};
#else
  (void)module_name;
  const char* format = "Can't get attribute %R on %R";
#if PY_VERSION_HEX >= 0x030d0000
  if (dotted && has_locals(name)) format = "Can't get local attribute %R on %R";
#else
  if (dotted && has_locals(name)) format = "Can't pickle local attribute %R on %R";
#endif
  raise_format(PyExc_AttributeError, format, name, module);
#endif
}

}  // namespace cppickle::cpython
