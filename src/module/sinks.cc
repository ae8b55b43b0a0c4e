#include "module/sinks.h"

#include <cstdint>
#include <cstring>

#include "cpython/borrow_scope.h"
#include "cpython/compat.h"
#include "cpython/error.h"

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace cppickle::module {

using cpython::checked;
using cpython::Ref;

namespace {

// For memory that is about to be written for the first time: a page fault for each 4
// KiB would take longer than the writing.  A refusal does no harm.
//
// The whole of a block's pages is advised, never a part: that would split the mapping
// of a large block, which then cannot grow in place (mremap(2) takes one mapping).  A
// mapping that grows keeps the advice.
void ask_for_huge_pages(PyObject* bytes, std::size_t size) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kHugePage = std::size_t{1} << 21;
  if (size < kHugePage) return;
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto begin = reinterpret_cast<std::uintptr_t>(bytes) & ~(page - 1);
  auto end = reinterpret_cast<std::uintptr_t>(PyBytes_AS_STRING(bytes)) + size + 1;
  end = (end + page - 1) & ~(page - 1);
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
  (void)bytes, (void)size;
#endif
}

}  // namespace

core::ByteSink::Room BytesSink::grow(std::size_t size, std::size_t capacity) {
  if (capacity <= kShort) return {short_, kShort};
  auto wanted = static_cast<Py_ssize_t>(capacity);
  if (!bytes_) {
    bytes_ = checked(PyBytes_FromStringAndSize(nullptr, wanted));
    ask_for_huge_pages(bytes_.get(), capacity);
    std::memcpy(PyBytes_AS_STRING(bytes_.get()), short_, size);
  } else {
    cpython::resize_bytes(bytes_, wanted);
    ask_for_huge_pages(bytes_.get(), capacity);
  }
  return {PyBytes_AS_STRING(bytes_.get()), capacity};
}

Ref BytesSink::take(std::size_t size) {
  auto length = static_cast<Py_ssize_t>(size);
  if (!bytes_) return checked(PyBytes_FromStringAndSize(short_, length));
  cpython::resize_bytes(bytes_, length);
  return std::move(bytes_);
}

std::size_t FileSink::flush(std::size_t size) {
  if (size == 0) return 0;
  std::string_view written = buffer_.bytes(size);
  write(checked(
      PyBytes_FromStringAndSize(written.data(), static_cast<Py_ssize_t>(size))));
  return 0;
}

// Bytes go as they are; other buffers as a view, text as a copy: nothing else is known
// to keep it alive.
bool FileSink::write_through(std::string_view data, void* owner) {
  auto object = static_cast<PyObject*>(owner);
  if (object == nullptr || !PyObject_CheckBuffer(object)) {
    write(checked(
        PyBytes_FromStringAndSize(data.data(), static_cast<Py_ssize_t>(data.size()))));
  } else if (PyBytes_CheckExact(object)) {
    write(Ref::borrow(object));
  } else {
    write(checked(PyMemoryView_FromObject(object)));
  }
  return true;
}

void FileSink::write(Ref bytes) {
  memo_.own_keys();
  cpython::note_foreign_code();
  checked(PyObject_CallOneArg(write_, bytes.get()));
}

}  // namespace cppickle::module
