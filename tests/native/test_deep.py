"""No depth limit: only memory bounds nesting, and memory grows in proportion.

Each test runs in a child that ends without deallocating what it made: CPython's own
deallocation of the deepest structures is not what is tested here.
"""

import pytest
from support.processes import run_child

pytest.importorskip("resource", reason="memory is measured with getrusage")

MILLION = 1_000_000

HEAD = """
import os, pickle, resource, sys
import cppickle

def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

def done(*results):
    print(*results, flush=True)
    os._exit(0)
"""

NODE = "class Node:\n    def __init__(self, next): self.next = next\n"


def maker(outer, inner, setup=""):
    """Source of nested(n), which wraps with `outer`, and of inner(), which unwraps."""
    return f"""
{setup}
def nested(n):
    obj = None
    for _ in range(n):
        obj = {outer}
    return obj
def inner(obj): return {inner}
"""


MAKERS = {
    "a list": maker("[obj]", "obj[0]"),
    "a tuple": maker("(obj,)", "obj[0]"),
    "a dict": maker("{'k': obj}", "obj['k']"),
    "a chain of instances": maker("Node(obj)", "obj.next", NODE),
    "a chain of slotted instances": maker(
        "Node(obj)", "obj.next", f"{NODE}    __slots__ = 'next'"
    ),
    "a chain of closures": maker("wrap(obj)", "obj()", "def wrap(f): return lambda: f"),
    "a chain of partials": maker(
        "functools.partial(id, obj)", "obj.args[0]", "import functools"
    ),
    "reduce values": maker(
        "Node(obj)",
        "obj.next",
        f"{NODE}    def __reduce__(self): return Node, (self.next,)",
    ),
}

DEPTH = """
def depth(obj):
    levels = 0
    while obj is not None:
        obj = inner(obj)
        levels += 1
    return levels
"""

BYTES_A_LEVEL = {
    "a list": 600,
    "a chain of instances": 1200,
    "a chain of closures": 4000,
}


@pytest.mark.parametrize("kind", BYTES_A_LEVEL)
def test_a_million_levels_in_proportion(kind):
    source = f"""{HEAD}{MAKERS[kind]}
obj = nested({MILLION})
before = peak()
stream = cppickle.dumps(obj)
done(len(stream), peak() - before)
"""
    length, grown = map(int, run_child(source, seconds=600).split())
    assert length > 2 * MILLION
    assert grown < BYTES_A_LEVEL[kind] * MILLION


@pytest.mark.parametrize("protocol", range(6))
def test_a_million_lists_at_every_protocol(protocol):
    source = f"""{HEAD}{MAKERS["a list"]}
done(len(cppickle.dumps(nested({MILLION}), {protocol})))
"""
    assert int(run_child(source, seconds=600)) > MILLION


@pytest.mark.parametrize("kind", MAKERS)
def test_a_hundred_thousand_levels_there_and_back(kind):
    source = f"""{HEAD}{MAKERS[kind]}{DEPTH}
again = pickle.loads(cppickle.dumps(nested(100_000)))
done(depth(again))
"""
    assert int(run_child(source, seconds=600)) == 100_000


def test_a_million_lists_there_and_back():
    source = f"""{HEAD}{MAKERS["a list"]}{DEPTH}
done(depth(pickle.loads(cppickle.dumps(nested({MILLION})))))
"""
    assert int(run_child(source, seconds=600)) == MILLION


def test_the_recursion_limit_does_not_matter():
    source = f"""{HEAD}{MAKERS["a chain of closures"]}{DEPTH}
obj = nested(10_000)
sys.setrecursionlimit(100)
stream = cppickle.dumps(obj)
done(depth(pickle.loads(stream)), sys.getrecursionlimit())
"""
    assert run_child(source).split() == ["10000", "100"]


def test_a_small_c_stack_does_not_matter():
    source = f"""{HEAD}{MAKERS["a chain of instances"]}
import threading
obj, streams = nested(200_000), []
threading.stack_size(256 * 1024)
thread = threading.Thread(target=lambda: streams.append(cppickle.dumps(obj)))
thread.start()
thread.join()
done(len(streams[0]) > 200_000)
"""
    assert run_child(source, seconds=600).strip() == "True"


def test_an_error_in_the_depth_comes_out():
    source = f"""{HEAD}
obj = sys._getframe()
for _ in range({MILLION}):
    obj = [obj]
try:
    cppickle.dumps(obj)
except TypeError as error:
    done("refused")
"""
    assert run_child(source, seconds=600).strip() == "refused"


def test_a_subclass_with_hooks_goes_as_deep():
    source = f"""{HEAD}{MAKERS["a chain of instances"]}{DEPTH}
import io
class Pickler(cppickle.Pickler):
    def reducer_override(self, obj): return NotImplemented
    def persistent_id(self, obj): return None
file = io.BytesIO()
Pickler(file).dump(nested(100_000))
done(depth(pickle.loads(file.getvalue())))
"""
    assert int(run_child(source, seconds=600)) == 100_000


def test_a_wide_object_costs_no_stack():
    source = f"""{HEAD}
stream = cppickle.dumps([[n] for n in range({MILLION})])
done(len(pickle.loads(stream)))
"""
    assert int(run_child(source, seconds=600)) == MILLION
