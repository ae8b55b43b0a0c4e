#include "by_value/helper.h"

#include "cpython/error.h"

namespace cppickle::by_value {

using cpython::checked;
using cpython::Ref;

namespace {

// On one line each and with short names: this travels in every stream that has a class.
constexpr char kSource[] = R"(def cppickle_class(i, t, f, a, k={}, b=()):
    import sys, _weakref
    if i.__class__ is str:
        o = (t.__dict__.get('_member_map_') or {}).get(i)
        if o is None: o = f(*a); o.__dict__.update(k)
        return o
    m = '_cppickle_tracker'
    s = sys.modules.get(m)
    if s is None: s = sys.modules[m] = sys.__class__(m); s.objects = {}; s.tokens = {}
    if t:
        if s.tokens.get(i) not in (t, 0):
            s.tokens[i] = t
            for n in k: f(a, n, k[n])
            for g, x in b: g(*x)
        return
    o = s.objects.get(i)
    o = o and o()
    if o is None:
        if b:
            n = '__init_subclass__'; h = b.__dict__[n]
            type.__setattr__(b, n, classmethod(lambda *x: 0))
        try: o = f(*a, **k)
        finally:
            if b: type.__setattr__(b, n, h)
        s.objects[i] = _weakref.ref(o)
    return o
)";

}  // namespace

Ref made_helper() {
  Ref code = checked(Py_CompileString(kSource, "<cppickle>", Py_file_input));
  Ref globals = checked(PyDict_New());
  cpython::checked_status(PyDict_SetItemString(globals.get(), "__builtins__", PyEval_GetBuiltins()));
  checked(PyEval_EvalCode(code.get(), globals.get(), globals.get()));
  return Ref::borrow(cpython::checked_lookup(PyDict_GetItemString(globals.get(), "cppickle_class")));
}

}  // namespace cppickle::by_value
