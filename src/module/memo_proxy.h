// Pickler.memo: a view of what a pickler has written.
#ifndef CPPICKLE_MODULE_MEMO_PROXY_H_
#define CPPICKLE_MODULE_MEMO_PROXY_H_

#include "cpython/ref.h"
#include "module/pickler_struct.h"
#include "module/state.h"

namespace cppickle::module {

extern PyType_Spec memo_proxy_spec;

cpython::Ref memo_proxy(ModuleState& state, PyObject* pickler);
// Pickler.memo = value: another pickler's proxy or a dict of id to (index, object).
void assign_memo(ModuleState& state, PicklerObject* pickler, PyObject* value);

}  // namespace cppickle::module

#endif  // CPPICKLE_MODULE_MEMO_PROXY_H_
