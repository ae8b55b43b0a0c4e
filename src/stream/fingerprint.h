// A digest of what a class or type variable is made of: the ground of its tracker id
// and state token.
#ifndef CPPICKLE_STREAM_FINGERPRINT_H_
#define CPPICKLE_STREAM_FINGERPRINT_H_

#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "cpython/identity_map.h"
#include "cpython/ref.h"
#include "stream/shared.h"

namespace cppickle::stream {

// Writes objects as text in which equal content gives equal bytes in every process,
// whatever the hash seed, and which tells cycles and sharing by number.  Functions are
// their code, defaults, closure and the globals that they name; importable functions,
// modules and classes other than the root are their names.  Objects of C types are
// asked for their reduce value.
class Fingerprint {
 public:
  explicit Fingerprint(Shared& shared, PyObject* root) : shared_(shared), root_(root) {
    text_.reserve(kUsualSize);
  }

  void add(PyObject* object);
  // Attributes of a class, in the order of its namespace.
  void add_class(PyTypeObject* type);

  // True when something has been added whose content may change unseen.
  bool has_mutable() const { return has_mutable_; }
  // BLAKE2b of all that was added, 12 bytes.
  cpython::Ref digest() const;

 private:
  void add_size(std::size_t size) {
    text_.append(reinterpret_cast<const char*>(&size), sizeof size);
  }
  void add_bytes(char tag, std::string_view bytes);
  void add_str(PyObject* text);
  void add_int(PyObject* number);
  bool add_scalar(PyObject* object);
  bool is_namespace_of_root(PyObject* object) const;
  bool add_container(PyObject* object);
  void add_set(PyObject* set);
  void add_dict(PyObject* dict);
  void add_function(PyObject* function);
  void add_globals(PyObject* globals, PyObject* names);
  void add_closure(PyObject* function);
  void add_slots(PyObject* object);
  void add_reduction(PyObject* object);
  void add_wrapper(PyObject* object);
  void add_type_name(PyTypeObject* type);
  void add_attribute(PyObject* name, PyObject* value);
  void add_instance(PyObject* object);

  static constexpr std::size_t kUsualSize = 1500;

  Shared& shared_;
  PyObject* root_;
  std::string text_;
  cpython::IdentityMap seen_{std::pmr::get_default_resource()};
  std::vector<cpython::Ref> kept_;  // what is in seen_ stays alive
  std::size_t depth_ = 0;
  bool has_mutable_ = false;
};

}  // namespace cppickle::stream

#endif  // CPPICKLE_STREAM_FINGERPRINT_H_
