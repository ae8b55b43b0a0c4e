"""Nothing is left over: of dumps, of failed dumps, of picklers, of loads."""

import contextlib
import gc
import io
import pickle
import sys
import threading
import types
import weakref

import pytest
from support.graphs import Node, Slotted
from support.growth import DEBUG, assert_no_growth, growth
from support.source import define

import cppickle

SOURCES = {
    "a lambda": "obj = lambda x: x + 1",
    "a function with globals": "import json\nn = [1]\ndef g(): return n\n"
    "def obj(a: int = 1, *, b={}): return n, g, json",
    "a closure": "def make(n):\n  def f(): return n, f\n  return f\nobj = make([1])",
    "sets in constants": "def obj(x): return x in {'a', 'b', (1, 2)}",
    "a class": "class obj:\n  x = [1]\n  def f(self): return obj, __class__\n"
    "  p = property(lambda self: 1)\n  s = staticmethod(len)",
    "a slotted class": "class obj: __slots__ = 'a', '__b'",
    "instances": "class C:\n  def __init__(self): self.me = self\nobj = [C(), C()]",
    "a metaclass": "class M(type): pass\nclass obj(metaclass=M): pass",
    "an abstract class": "import abc\nclass obj(abc.ABC): pass\nobj.register(int)",
    "dataclasses": "from dataclasses import *\n@dataclass\nclass C:\n  x: int = 1\n"
    "  y: list = field(default_factory=list)\nobj = [C, C()]",
    "an enum": "import enum\nclass E(enum.Flag):\n  A, B = 1, 2\nobj = [E, E.A | E.B]",
    "typing objects": "from typing import *\nT = TypeVar('T')\n"
    "class C(Generic[T]): pass\n"
    "obj = [C[int], NewType('N', int), T]",
    "bound methods": "class C:\n  def f(self): pass\nobj = [C().f, C.f, [].append]",
    "a module": "import types\nobj = types.ModuleType('m')\nobj.x = [obj]",
    "weak references": "import weakref\nclass C: pass\nc = C()\n"
    "obj = [c, weakref.ref(c), weakref.WeakValueDictionary(a=c)]",
    "views": "import types\nd = {1: [2]}\nobj = [d.keys(), types.MappingProxyType(d)]",
    "a submodule": "import xml.dom.minidom\ndef obj(): return xml.dom.minidom",
}

DATA = {
    "atoms": [
        None,
        True,
        1,
        2**70,
        1.5,
        "text",
        "é\ud800",
        b"bytes",
        bytearray(b"b"),
        1j,
    ],
    "containers": [[1], (1, 2, 3, 4), {"k": {1}}, frozenset([2]), ()],
    "importable objects": [Node(1), Slotted([2]), len, "x".upper, Node, range(3)],
    "buffers": [pickle.PickleBuffer(b"x" * 100)],
    "many": [*range(3000), *(str(n) for n in range(3000))],
}


@pytest.fixture(params=[*SOURCES, *DATA])
def obj(request):
    if request.param in DATA:
        return DATA[request.param]
    return define(SOURCES[request.param]).obj


def test_dumps(obj):
    assert_no_growth(lambda: cppickle.dumps(obj))


def test_dumps_of_something_new_each_time():
    def act():
        made = define(
            "n = [1]\ndef f(): return n, C\nclass C:\n  def g(self): return f"
        )
        cppickle.dumps([made.f, made.C(), made.C])

    assert_no_growth(act)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol(protocol):
    obj = [DATA["atoms"], DATA["containers"][:2], Node(1)]
    assert_no_growth(lambda: cppickle.dumps(obj, protocol))


def test_a_pickler_used_again_and_again(obj):
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)

    def act():
        file.seek(0)
        file.truncate()
        pickler.clear_memo()
        pickler.dump(obj)

    assert_no_growth(act)


def test_picklers_of_a_subclass():
    class Pickler(cppickle.Pickler):
        def persistent_id(self, obj):
            return "id" if obj == "persistent" else None

        def reducer_override(self, obj):
            return (str, ("x",)) if isinstance(obj, Node) else NotImplemented

    made = define(SOURCES["a function with globals"]).obj
    obj = ["persistent", Node(), made, [1]]
    assert_no_growth(lambda: Pickler(io.BytesIO()).dump(obj))


@pytest.mark.parametrize("class_ids", ["content", "process", None])
def test_options(class_ids):
    made = define(SOURCES["a class"]).obj

    def act():
        cppickle.dumps(made, class_ids=class_ids)
        cppickle.dump(made, io.BytesIO(), class_ids=class_ids)
        cppickle.Pickler(io.BytesIO(), class_ids=class_ids).dump(made)
        with cppickle.options(class_ids=class_ids):
            cppickle.dumps(made)
        cppickle.set_default(class_ids=class_ids)
        cppickle.dumps(made)
        cppickle.set_default(class_ids=None)

    assert_no_growth(act)


def test_shared_namespaces(monkeypatch):
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    exec("class C: pass\nrate = [C()]\ndef f(): return rate", vars(module))
    alone = {"f": module.f}  # what is met in a dict is written out

    def act():
        cppickle.dumps(module.f, _namespaces="shared")
        pickle.loads(cppickle.dumps(alone, _namespaces="shared"))
        module.rate = [module.C(), len(module.rate)]

    assert_no_growth(act)


def test_new_classes_by_process():
    def act():
        cppickle.dumps(define("class C: n = 1").C, class_ids="process")

    assert_no_growth(act)


def test_options_that_are_wrong():
    calls = [
        lambda **options: cppickle.dumps(1, **options),
        lambda **options: cppickle.Pickler(io.BytesIO(), **options),
        cppickle.set_default,
        cppickle.options,
    ]

    def act():
        for call in calls:
            for wrong in ({"class_ids": "x"}, {"other": 1}):
                with contextlib.suppress(TypeError, ValueError):
                    call(**wrong)

    assert_no_growth(act)


def test_cycles_through_a_pickler():
    def act():
        file = io.BytesIO()
        pickler = cppickle.Pickler(file)
        pickler.dispatch_table = {"me": pickler}
        pickler.dump([1, [pickler.dispatch_table.get]])

    def tolerant():
        with contextlib.suppress(TypeError):
            act()

    assert_no_growth(tolerant)


class Raises:
    def __reduce__(self):
        raise ValueError("no")


class Malformed:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return self.value


FAILURES = {
    "a lock": lambda: [1, {"k": ("x", threading.Lock())}],
    "an error of a reducer": lambda: [1, {"k": ("x", Raises())}],
    "a malformed reduce value": lambda: [Malformed((1, 2)), 1],
    "a reduce value that fails late": lambda: Malformed(
        (list, (), None, iter([Raises()]))
    ),
    "a lock of a function": lambda: define("def f(): return x", x=threading.Lock()).f,
    "a lock of a class": lambda: define("class C:\n  y = x", x=threading.Lock()).C,
    "an iterator type": lambda: [type(iter([]))],
}


@pytest.mark.parametrize("failure", FAILURES)
def test_failed_dumps(failure):
    obj = FAILURES[failure]()

    def act():
        with contextlib.suppress(TypeError, ValueError, pickle.PicklingError):
            cppickle.dumps(obj)

    assert_no_growth(act)


def test_out_of_band_buffers():
    obj = [pickle.PickleBuffer(bytearray(b"x" * 1000))]
    assert_no_growth(lambda: cppickle.dumps(obj, buffer_callback=lambda b: None))


def test_a_write_that_raises():
    class Full:
        def write(self, data):
            raise OSError

    def act():
        with contextlib.suppress(OSError):
            cppickle.dump(["x" * 100_000], Full())

    assert_no_growth(act)


def test_loads(obj):
    if isinstance(obj, list) and any(isinstance(x, pickle.PickleBuffer) for x in obj):
        pytest.skip("an in-band buffer loads as bytes")
    stream = cppickle.dumps(obj)
    assert_no_growth(lambda: pickle.loads(stream))


def test_classes_that_arrive_are_forgotten_when_they_die(bare_worker):
    streams = []
    for n in range(60):
        made = define(f"class C{n}:\n  x = {n}\n  def f(self): return C{n}")
        streams.append(cppickle.dumps([getattr(made, f"C{n}")]))
    for n, stream in enumerate(streams):
        bare_worker.load(stream)
        if n == 20:
            before = bare_worker.ask(
                "import gc\nobj = None\ngc.collect()\nlen(gc.get_objects())"
            )
    after = bare_worker.ask("obj = None\ngc.collect()\nlen(gc.get_objects())")
    assert after - before < 20


class Watched:
    """Something whose death can be seen."""


@pytest.fixture
def watched():
    """Objects and a check that nothing but their owner kept them."""
    made = define("class C: pass\ndef f(): return C\ndef make(x):\n  return lambda: x")
    objects = [Watched(), made.C(), made.f, made.C, made.make([1])]
    return objects, [weakref.ref(obj) for obj in objects]


def alive(references):
    gc.collect()
    return [reference() for reference in references if reference() is not None]


def test_dumps_keeps_nothing_alive(watched):
    objects, references = watched
    cppickle.dumps([*objects[1:], Node(objects[0])])
    objects.clear()
    assert alive(references) == []


def test_a_failed_dump_keeps_nothing_alive(watched):
    objects, references = watched
    with pytest.raises(TypeError):
        cppickle.dumps([objects, threading.Lock()])
    objects.clear()
    assert alive(references) == []


def test_a_dropped_pickler_keeps_nothing_alive(watched):
    objects, references = watched
    pickler = cppickle.Pickler(io.BytesIO())
    pickler.dump(objects)
    del pickler
    objects.clear()
    assert alive(references) == []


def test_a_cleared_pickler_keeps_nothing_alive(watched):
    objects, references = watched
    pickler = cppickle.Pickler(io.BytesIO())
    pickler.dump(objects)
    pickler.clear_memo()
    objects.clear()
    assert alive(references) == []


def test_code_objects_are_not_kept_alive():
    made = define("def f(): return 1")
    gone = weakref.ref(made.f.__code__)
    cppickle.dumps(made.f)
    del made
    gc.collect()
    assert gone() is None


def test_reference_counts_of_what_was_dumped():
    node, text, big = Node(1), "text" * 3, 2**80
    code = define("def f(): return 'constant'").f
    held = [node, text, big, code, code.__code__, code.__globals__, Node]
    before = [sys.getrefcount(obj) for obj in held]
    for _ in range(10):
        cppickle.dumps([node, text, big, code, {"k": (node, text)}, Node])
    assert [sys.getrefcount(obj) for obj in held] == before


@pytest.mark.skipif(not DEBUG, reason="only a debug build counts references")
def test_the_build_counts_references():
    """Built with the headers of a release Python, the totals would mean nothing."""
    extension = sys.modules["cppickle._core"]
    with open(extension.__file__, "rb") as file:
        assert b"RefTotal" in file.read()


def test_growth_sees_a_leak():
    kept = []
    assert growth(lambda: kept.append([]))["tracked"] >= 50
