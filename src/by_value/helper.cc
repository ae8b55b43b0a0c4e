#include "by_value/helper.h"

#include "cpython/code.h"
#include "cpython/error.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::Ref;

namespace {

constexpr char kSource[] = R"(def tracked(t, i, f, a, k=0, d=0):
    o = t.get(i)
    if k:
        if o not in (k, 0):
            t[i] = k
            for n in d: f(a, n, d[n])
    elif o is None:
        o = f(*a)
        if not d:
            from sys import modules as s
            k = o
            for n in '', 'ray.', 'pyspark.', 'joblib.externals.':
                d = s.get(n + 'cloudpickle.cloudpickle')
                if d: o = d._lookup_class_or_track(i, o)
            d = t.__dict__; d[i] = d[i,] = None if o is k else 0
        t[i] = o
    return o

def unhooked(b, f, *a):
    n = '__init_subclass__'; s = type.__setattr__; h = b.__dict__[n]
    s(b, n, classmethod(lambda *a: 0))
    try: return f(*a)
    finally: s(b, n, h)
)";

// The function with code that has no line numbers.
Ref bare(PyObject* globals, const char* name) {
  PyObject* function = cpython::checked_lookup(PyDict_GetItemString(globals, name));
  Ref code = cpython::code_without_lines(PyFunction_GET_CODE(function));
  cpython::checked_status(PyObject_SetAttrString(function, "__code__", code.get()));
  return Ref::borrow(function);
}

}  // namespace

Helpers made_helpers() {
  Ref code = checked(Py_CompileString(kSource, "", Py_file_input));
  Ref globals = checked(PyDict_New());
  cpython::checked_status(
      PyDict_SetItemString(globals.get(), "__builtins__", PyEval_GetBuiltins()));
  checked(PyEval_EvalCode(code.get(), globals.get(), globals.get()));
  return {bare(globals.get(), "tracked"), bare(globals.get(), "unhooked")};
}

}  // namespace cppickle::by_value
