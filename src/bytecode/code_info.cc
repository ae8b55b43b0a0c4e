#include "bytecode/code_info.h"

#include <memory>
#include <utility>

#include "bytecode/bytecode_scan.h"
#include "bytecode/foreign_constants.h"
#include "cpython/code.h"

namespace cppickle::bytecode {
namespace {

void release(void* info) { delete static_cast<CodeInfo*>(info); }

const CodeInfo& make(PyObject* code, const CodeInfoSlot& slot) {
  cpython::Ref pyc = has_foreign_constants(code) ? cpython::Ref() : pyc_of_code(code);
  CodeNames names = scan_code(code);
  auto info = std::make_unique<CodeInfo>(std::move(pyc), std::move(names.globals),
                                         std::move(names.mentioned));
  // Making tuples can start the garbage collector (up to 3.11), its finalizers
  // anything: another thread may have been here, and may still use what it has put
  // there.
  if (const CodeInfo* others = cached_code_info(code, slot)) return *others;
  cpython::set_code_extra(code, slot.index, info.get());
  return *info.release();
}

}  // namespace

const CodeInfo* cached_code_info(PyObject* code, const CodeInfoSlot& slot) {
  return static_cast<const CodeInfo*>(cpython::code_extra(code, slot.index));
}

CodeInfoSlot request_code_info_slot() { return {cpython::request_code_extra(release)}; }

const CodeInfo& code_info(PyObject* code, const CodeInfoSlot& slot) {
  if (const CodeInfo* info = cached_code_info(code, slot)) [[likely]]
    return *info;
  return make(code, slot);
}

}  // namespace cppickle::bytecode
