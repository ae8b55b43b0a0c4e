#include "module/shipping.h"

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/imported.h"

namespace cppickle::module {

using cpython::bytes_view;
using cpython::checked;
using cpython::Ref;
using pickling::NameObserver;

namespace {

// PROTO and its argument; before protocol 2 there is none.
std::size_t size_of_head(int protocol) { return protocol >= 2 ? 2 : 0; }

Ref joined(std::string_view head, std::string_view middle, std::string_view tail) {
  Ref whole = checked(PyBytes_FromStringAndSize(
      nullptr, static_cast<Py_ssize_t>(head.size() + middle.size() + tail.size())));
  char* to = PyBytes_AS_STRING(whole.get());
  for (std::string_view part : {head, middle, tail}) {
    std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  return whole;
}

}  // namespace

Ref with_shipment(const DumpOptions& options, const NameObserver& observer, Ref stream,
                  int protocol, bool may_dump_again) {
  // Most of data names no module.
  if (PySet_GET_SIZE(observer.modules()) == 0 &&
      PyList_GET_SIZE(observer.functions()) == 0)
    return stream;
  Ref ask = cpython::import_attribute("cppickle._shipping", "prelude");
  PyObject* ship = options.ship ? options.ship.get() : Py_None;
  Ref prelude = checked(PyObject_CallFunctionObjArgs(
      ask.get(), ship, options.warn_local ? Py_True : Py_False, observer.modules(),
      observer.functions(), may_dump_again ? Py_True : Py_False, nullptr));
  if (prelude.get() == Py_None) return Ref();
  if (!PyBytes_CheckExact(prelude.get()))
    cpython::raise(PyExc_TypeError, "prelude() must answer bytes or None");
  if (PyBytes_GET_SIZE(prelude.get()) == 0) return stream;
  std::string_view bytes = bytes_view(stream.get());
  std::size_t head = size_of_head(protocol);
  return joined(bytes.substr(0, head), bytes_view(prelude.get()), bytes.substr(head));
}

}  // namespace cppickle::module
