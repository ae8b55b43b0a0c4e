#include "identity/runtime_helper.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "cpython/code.h"
#include "cpython/compat.h"
#include "cpython/error.h"
#include "cpython/ref.h"
#include "identity/packed_helper.h"

namespace cppickle::identity {

using cpython::checked;
using cpython::Ref;

namespace {

// Begins the key in `sys`.  A change of the text needs another number: processes keep
// what they met first.
constexpr char kKeyPrefix[] = "_cppickle_3_";

// The text is packed (packed_helper.h) where this process has a zlib, so that a worker
// of the same build has one too.  It is unpacked by whoever does not have the helper.
constexpr char kPackedExpression[] = "exec(__import__('zlib').decompress(s))or h";
constexpr char kPlainExpression[] = "exec(s)or h";

// m, v and n come with the stream: the magic number of its bytecode, the version of
// Python, and the name that is told.
//
// t is sys._cppickle_tracker, d its dict of ids to weak references.  An object that a
// stream has brought has a reference of class R, which ends with it: v holds the token
// of the state that was applied last (None: none yet), and the names that it set.
// Others are this process's own, which no stream resets; so is what a copy of
// cloudpickle knows. Those that a stream of the first release brought have their tokens
// in t.__dict__.
//
// Threads: an object is there before it is whole, and whoever meets it applies its
// state too, for the token is set last.  setdefault() decides which of two objects it
// is that were made at once.  There is no lock: a process that forks could inherit it
// locked.
constexpr char kSource[] = R"py(import sys,weakref,_frozen_importlib_external as e
if m!=int.from_bytes(e.MAGIC_NUMBER,'little'):raise ImportError(n+', pickled by CPython '+v+' (load it there or import it), loaded by CPython '+sys.version)
s=sys.__dict__
t=s.setdefault('_cppickle_tracker',weakref.WeakValueDictionary())
d=t.data
p='cloudpickle.cloudpickle'
class R(weakref.KeyedRef):__slots__='v'
def h(i,f,a=None,b=0,k=0,c={}):
 r=d.get(i)
 if k:
  v,o=getattr(r,'v',(t.__dict__.get(i,b''),()))
  if v not in(f,b''):
   x={**(c or{}),**a}
   for n in x:k.__setattr__(b,n,x[n])
   if c is None:return
   for n in o:n in x or n in vars(b)and k.__delattr__(b,n)
   r=R(b,t._remove,i);r.v=f,[*x];d[i]=r
  return
 if a is None:return h
 o=r and r()
 while o is None:
  v=b'';m=[*filter(None,map(sys.modules.get,()if b else(p,'ray.'+p,'pyspark.'+p,'joblib.externals.'+p)))]
  for n in m:
   if o is None:o=n._DYNAMIC_CLASS_TRACKER_BY_ID.get(i)
  if o is None:o=f(*a);v=None
  r=R(o,t._remove,i);r.v=v,();n=o;o=d.setdefault(i,r)();weakref._remove_dead_weakref(d,i)
  if o is n:
   for n in m:n._lookup_class_or_track(i,o)
 return o
s['_cppickle_3_%d'%(m%65536)]=h)py";
static_assert(std::string_view(kSource).find(kKeyPrefix) != std::string_view::npos);

// Other threads, which may derive classes meanwhile, still get the hook.
constexpr char kWithoutInitSubclass[] = R"(def unhooked(b, f, *a):
    import sys, os, _thread as t
    d = sys.__dict__; n = '__init_subclass__'; s = type.__setattr__; i = t.get_ident()
    k = '_cppickle_hooks'
    l = d.get(k)
    if l is None:
        l = d.setdefault(k, t.RLock())
        hasattr(os, 'register_at_fork') and os.register_at_fork(after_in_child=l._at_fork_reinit)
    with l:
        h = b.__dict__[n]
        s(b, n, classmethod(lambda c, *x, **k: None if t.get_ident() == i else h.__get__(None, c)(*x, **k)))
        try: return f(*a)
        finally: s(b, n, h)
)";

long magic_number() {
  std::string_view magic = cpython::bytecode_magic();
  auto byte = [&](std::size_t i) { return long{static_cast<std::uint8_t>(magic[i])}; };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

Ref made_key() {
  return checked(PyUnicode_FromFormat("%s%ld", kKeyPrefix, magic_number() & 0xffff));
}

bool has_zlib() {
  Ref module = Ref::steal(PyImport_ImportModule("zlib"));
  if (module) return true;
  if (!PyErr_ExceptionMatches(PyExc_ImportError)) throw cpython::ErrorSet();
  PyErr_Clear();
  return false;
}

Ref made_source(bool packed) {
  if (!packed) return checked(PyUnicode_FromString(kSource));
  return checked(
      PyBytes_FromStringAndSize(reinterpret_cast<const char*>(kPackedHelper),
                                static_cast<Py_ssize_t>(sizeof(kPackedHelper))));
}

Ref made_without_init_subclass() {
  Ref code = checked(Py_CompileString(kWithoutInitSubclass, "", Py_file_input));
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

RuntimeHelper made_runtime_helper() {
  bool packed = has_zlib();
  std::string version(cpython::kPythonVersion);
  return {
      made_key(),
      checked(PyUnicode_FromString(packed ? kPackedExpression : kPlainExpression)),
      made_source(packed),
      checked(PyLong_FromLong(magic_number())),
      checked(PyUnicode_FromString(version.c_str())),
      checked(cpython::new_object()),
      made_without_init_subclass(),
  };
}

}  // namespace cppickle::identity
