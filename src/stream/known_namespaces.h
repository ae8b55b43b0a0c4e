// What is known of globals dicts as long as they do not change.
#ifndef CPPICKLE_STREAM_KNOWN_NAMESPACES_H_
#define CPPICKLE_STREAM_KNOWN_NAMESPACES_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "cpython/names.h"
#include "cpython/ref.h"

namespace cppickle::stream {

// True for the globals of a module that nobody can import, made by types.ModuleType:
// those have a __spec__, plain dicts of exec() do not.
bool is_dynamic_namespace(PyObject* globals, const cpython::Names& names);

// The names that each rebuilt namespace begins with, where the sender has them.
inline std::array<PyObject*, 4> base_names(const cpython::Names& names) {
  return {names.package, names.attr_name, names.path, names.file};
}

struct NamespaceFacts {
  std::array<PyObject*, 4> base;  // values of base_names(), borrowed; null: absent
  bool is_dynamic;
};

// Keeps the facts of the few dicts that were asked about last.  A dict's version, which
// no other dict has ever had, stands for all that it holds.  Where the interpreter has
// no versions, all is read each time.
// Thread safety: requires the GIL.
class KnownNamespaces {
 public:
  // Valid until foreign code runs.
  const NamespaceFacts& of(PyObject* globals, const cpython::Names& names);

 private:
  struct Known {
    std::uint64_t version = 0;  // of the dict; 0: no entry
    std::uint64_t modules = 0;  // of sys.modules
    NamespaceFacts facts{};
  };
  static constexpr std::size_t kFew = 4;

  std::array<Known, kFew> entries_;
  std::size_t next_ = 0;  // to be replaced
};

}  // namespace cppickle::stream

#endif  // CPPICKLE_STREAM_KNOWN_NAMESPACES_H_
