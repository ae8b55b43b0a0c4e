// Writes objects by what is known of their reduce values, without asking them.
#ifndef CPPICKLE_PICKLING_NATIVE_WRITER_H_
#define CPPICKLE_PICKLING_NATIVE_WRITER_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "core/opcode.h"
#include "cpython/ref.h"
#include "pickling/native_reductions.h"
#include "pickling/pickler.h"
#include "pickling/script.h"

namespace cppickle::pickling {

// The stream is the one that save_reduce_value() would write of the object's answer.
// What that makes anew, tuples and texts, exists in the stream only.
class NativeWriter {
 public:
  NativeWriter(Pickler& pickler, PyObject* object, const NativeReduction& reduction)
      : pickler_(pickler), object_(object), reduction_(reduction) {}

  // False when the object has to be asked; then nothing has been written.
  // REQUIRES: the caller holds a reference of the object.
  bool write();

 private:
  bool write_kind();
  bool write_members();
  bool write_list_member();
  bool write_text();
  bool write_complex();
  bool write_state();
  bool write_deque();
  bool write_scalar();
  bool write_array();

  void put_call(std::span<PyObject* const> arguments, core::Opcode build);
  void put_arguments(Script& script, std::span<PyObject* const> items,
                     core::Opcode build);
  bool can_write(std::span<PyObject* const> items) const;
  void open(std::size_t size);
  void close(std::size_t size);
  void finish(core::Opcode build);
  void write_items(std::span<PyObject* const> items);
  void put_bytes(std::string_view data);
  void write_shape(std::span<const Py_ssize_t> shape);
  bool get_callable(PyObject* dtype);

  Pickler& pickler_;
  PyObject* object_;
  const NativeReduction& reduction_;
};

}  // namespace cppickle::pickling

#endif  // CPPICKLE_PICKLING_NATIVE_WRITER_H_
