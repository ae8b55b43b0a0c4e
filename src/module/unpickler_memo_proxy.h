// Unpickler.memo: a view of what an unpickler has loaded.
#ifndef CPPICKLE_MODULE_UNPICKLER_MEMO_PROXY_H_
#define CPPICKLE_MODULE_UNPICKLER_MEMO_PROXY_H_

#include "cpython/ref.h"
#include "module/state.h"
#include "module/unpickler_struct.h"

namespace cppickle::module {

extern PyType_Spec unpickler_memo_proxy_spec;

cpython::Ref unpickler_memo_proxy(ModuleState& state, PyObject* unpickler);
// Unpickler.memo = value: another unpickler's proxy or a dict of index to object.
void assign_unpickler_memo(ModuleState& state, UnpicklerData& data, PyObject* value);

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_UNPICKLER_MEMO_PROXY_H_
