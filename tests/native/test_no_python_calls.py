"""A dump runs no Python code: what the profiler sees is the call of dumps, no more."""

import collections
import contextlib
import gc
import io
import sys

import pytest
from support.graphs import Node
from support.source import define, since

import cppickle

SAMPLES = {
    "a lambda": "obj = lambda x: x + 1",
    "a function with globals": "import json\nn, words = 1, ['a']\n"
    "def g(): return words\ndef obj(): return n, g, json.loads",
    "a function of everything": "def obj(a: int, b='x', *, c=(1, 2)) -> list: 'doc'\n"
    "obj.note = {'k': [1]}",
    "a closure": "def make(n):\n  def f(): return n, f\n  return f\nobj = make(1)",
    "nested functions": "def obj():\n  def f():\n    return lambda: obj\n  return f",
    "a class": "class obj:\n  x = 1\n  def f(self): return obj, __class__\n"
    "  @property\n  def p(self): return 1\n  s = staticmethod(len)\n"
    "  @classmethod\n  def c(cls): return cls",
    "a class hierarchy": "class A:\n  def f(self): return 1\nclass B(A):\n"
    "  def f(self): return super().f()\nclass obj(B): pass",
    "a slotted class": "class obj:\n  __slots__ = 'a', 'b'\n"
    "  def f(self): return self.a",
    "bound methods": "class C:\n  def f(self): return 1\nc = C()\nobj = [c.f, C.f, c]",
    "a thousand instances": "class C:\n"
    "  def __init__(self, n): self.n, self.t = n, 'x'\n"
    "obj = [C(n) for n in range(1000)]",
    "a thousand slotted instances": "class C:\n  __slots__ = 'n', 'm'\n"
    "  def __init__(self, n): self.n = n\nobj = [C(n) for n in range(1000)]",
    "dataclass instances": "from dataclasses import dataclass\n@dataclass\nclass C:\n"
    "  x: int\n  y: str = 'y'\nobj = [C(n) for n in range(1000)]",
    "a function that reaches submodules": "import xml, xml.dom.minidom\n"
    "def obj(): return xml.dom.minidom.parseString",
}


def sample(name):
    return define(SAMPLES[name]).obj


def warmed_up(name):
    """Dump something alike, so that what is imported once has been imported."""
    cppickle.dumps(sample(name))
    return sample(name)


@contextlib.contextmanager
def collector_paused():
    """No callback of garbage that others left behind gets into the report."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def profiled(obj, dumps=cppickle.dumps):
    """What the profiler reports while `obj` is dumped: (event, what) pairs."""
    events = []

    def profiler(frame, event, argument):
        what = argument if event.startswith("c_") else frame.f_code.co_name
        events.append((event, what))

    with collector_paused():
        sys.setprofile(profiler)
        try:
            dumps(obj)
        finally:
            sys.setprofile(None)
    return [(event, what) for event, what in events if what is not sys.setprofile]


@pytest.fixture(params=SAMPLES)
def obj(request):
    return warmed_up(request.param)


def test_the_profiler_sees_only_dumps(obj):
    assert profiled(obj) == [("c_call", cppickle.dumps), ("c_return", cppickle.dumps)]


def test_the_profiler_sees_only_dumps_of_importable_instances():
    obj = [Node(n, "text") for n in range(1000)]
    cppickle.dumps(obj[:1])
    assert profiled(obj) == [("c_call", cppickle.dumps), ("c_return", cppickle.dumps)]


def test_tables_of_tables_are_looked_through_without_python_calls():
    class Chained(cppickle.Pickler):
        dispatch_table = collections.ChainMap({}, cppickle.Pickler.dispatch_table)

    pickler = Chained(io.BytesIO())
    obj = [Node(n, "text") for n in range(100)]
    pickler.dump(obj[0])
    assert "__getitem__" not in [what for _, what in profiled(obj, pickler.dump)]


def test_the_profiler_would_see_a_python_call():
    """A reducer of the user's own is Python code, and reported."""

    class Reduced:
        def __reduce__(self):
            return str, ()

    assert ("call", "__reduce__") in profiled(Reduced())


@pytest.fixture
def monitored():
    """Report the Python functions started and the calls made during a dump."""
    monitoring = sys.monitoring
    tool = monitoring.PROFILER_ID
    monitoring.use_tool_id(tool, "cppickle tests")

    def run(obj):
        started, called = [], []
        events = monitoring.events
        monitoring.register_callback(
            tool, events.PY_START, lambda code, offset: started.append(code.co_qualname)
        )
        monitoring.register_callback(
            tool, events.CALL, lambda code, at, function, first: called.append(function)
        )
        dumps, set_events = cppickle.dumps, monitoring.set_events
        with collector_paused():
            set_events(tool, events.PY_START | events.CALL)
            try:
                dumps(obj)
            finally:
                set_events(tool, 0)
        return started, [function for function in called if function is not set_events]

    yield run
    for event in (monitoring.events.PY_START, monitoring.events.CALL):
        monitoring.register_callback(tool, event, None)
    monitoring.free_tool_id(tool)


@pytest.mark.skipif(**since(3, 12))
def test_monitoring_sees_only_dumps(monitored, obj):
    assert monitored(obj) == ([], [cppickle.dumps])


@pytest.mark.skipif(**since(3, 12))
def test_monitoring_would_see_a_python_call(monitored):
    class Reduced:
        def __reduce__(self):
            return str, ()

    started, _ = monitored(Reduced())
    assert any(name.endswith("__reduce__") for name in started)
