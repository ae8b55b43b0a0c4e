#include "identity/helper.h"

#include <cstdint>
#include <string>

#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"

namespace cppickle::identity {

using cpython::checked;
using cpython::Ref;

namespace {

// A change of what follows needs another number: processes keep what they met first.
constexpr char kRevision[] = "1";

constexpr char kExpression[] = "exec(s)or h";

// t maps ids to objects, weakly, and is sys._cppickle_tracker.  Its __dict__ d maps ids
// to tokens, and (id,) to that of a class's methods, which may be set before the rest.
// What is made has no state yet, whatever an object that died under this id had; what
// one of cloudpickle's copies knows is taken as this process's own, which no stream
// resets: its token is empty.
constexpr char kGuard[] =
    "import sys,weakref,_frozen_importlib_external as e\n"
    "if e.MAGIC_NUMBER!=%R:raise ImportError('class pickled by CPython %s, "
    "loaded by CPython '+sys.version)";
constexpr char kSource[] = R"(%U
t=sys.__dict__.setdefault('_cppickle_tracker',weakref.WeakValueDictionary())
d=t.__dict__
def h(i,f,a=0,b=0,k=0):
 if k:
  if d.get(i)not in(f,b''):
   d[i]=f
   for n in a:k.__setattr__(b,n,a[n])
 elif a:
  o=t.get(i)
  if o is None:
   o=k=f(*a)
   for n in()if b else('','ray.','pyspark.','joblib.externals.'):
    m=sys.modules.get(n+'cloudpickle.cloudpickle')
    if m:o=m._lookup_class_or_track(i,o)
   d[i]=d[i,]=None if o is k else b'';t[i]=o
  return o
 return h
sys.%U=h)";

constexpr char kUnhooked[] = R"(def unhooked(b, f, *a):
    n = '__init_subclass__'; s = type.__setattr__; h = b.__dict__[n]
    s(b, n, classmethod(lambda *a: 0))
    try: return f(*a)
    finally: s(b, n, h)
)";

Ref magic_bytes() {
  std::string_view magic = cpython::bytecode_magic();
  return checked(
      PyBytes_FromStringAndSize(magic.data(), static_cast<Py_ssize_t>(magic.size())));
}

Ref made_key() {
  std::string_view magic = cpython::bytecode_magic();
  auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(magic[i]); };
  return checked(
      PyUnicode_FromFormat("_cppickle_%s_%d", kRevision, byte(0) | byte(1) << 8));
}

Ref made_source(PyObject* key) {
  std::string version(cpython::kPythonVersion);
  Ref guard =
      checked(PyUnicode_FromFormat(kGuard, magic_bytes().get(), version.c_str()));
  return checked(PyUnicode_FromFormat(kSource, guard.get(), key));
}

Ref made_unhooked() {
  Ref code = checked(Py_CompileString(kUnhooked, "", Py_file_input));
  Ref globals = checked(PyDict_New());
  cpython::checked_status(
      PyDict_SetItemString(globals.get(), "__builtins__", PyEval_GetBuiltins()));
  checked(PyEval_EvalCode(code.get(), globals.get(), globals.get()));
  PyObject* function =
      cpython::checked_lookup(PyDict_GetItemString(globals.get(), "unhooked"));
  Ref bare = cpython::code_without_lines(PyFunction_GET_CODE(function));
  cpython::checked_status(PyObject_SetAttrString(function, "__code__", bare.get()));
  return Ref::borrow(function);
}

}  // namespace

Helpers made_helpers() {
  Ref key = made_key();
  Ref source = made_source(key.get());
  return {std::move(key), checked(PyUnicode_FromString(kExpression)), std::move(source),
          checked(cpython::new_object()), made_unhooked()};
}

}  // namespace cppickle::identity
