"""Same object, same bytes: across processes, hash seeds, reloads and notebook cells."""

import pytest
from support.processes import Worker, dumped_in_main, passed_on
from support.source import define, since

import cppickle

SAMPLES = {
    "a lambda": "obj = lambda x: x + 1",
    "a function": "a, b, c = 1, 'two', [3]\n"
    "def obj(x: int = 0, *, y=a): return a, b, c",
    "data like names": "cfg = {'x': ['obj', 'f', 'x' * 3], 'f': ('x', 'a b')}\n"
    "def f(x='a b', *, y=['x']): return cfg\nobj = [f, cfg]",
    "a function with attributes": "def obj(): pass\nobj.b = 1\nobj.a = 2",
    "functions of functions": "def f(): return g\ndef g(): return f, h\ndef h(): pass\n"
    "obj = [f, g, h]",
    "a closure": "def make(a, b):\n  def f(): return b, a, f\n  return f\n"
    "obj = make(1, 2)",
    "sets in constants": "def obj(x): return x in {'a', 'b', 'c', 1.5, None, (1, 'e')}",
    "nested sets in constants": "def obj(x): return lambda: x in {'p', 'q', b'r'}",
    "a class": "class obj:\n  z, a = 1, 'x'\n  def f(self): return obj\n"
    "  g = lambda s: s",
    "a class hierarchy": "class A:\n  __slots__ = 'x', 'y'\nclass B(A): pass\n"
    "obj = [B, A]",
    "an instance": "class C: pass\nobj = C()\nobj.b = 1\nobj.a = [obj]",
    "a metaclass": "class M(type): n = 1\nclass obj(metaclass=M): pass",
    "an abstract class": "from abc import ABC, abstractmethod\nclass obj(ABC):\n"
    + "".join(f"  @abstractmethod\n  def {n}(self): pass\n" for n in "zyxwv"),
    "a dataclass": "from dataclasses import *\n@dataclass\nclass C:\n  x: int\n"
    "  y: list = field(default_factory=list)\nobj = [C, C(1)]",
    "a frozen slotted dataclass": "from dataclasses import *\n"
    "@dataclass(frozen=True, slots=True, order=True)\nclass C:\n  x: int\n"
    "obj = [C(1), C]",
    "an enum": "import enum\nclass E(enum.Enum):\n  B, A = 1, 'x'\n  C = 1\n"
    "  def f(self): return E\nobj = [E.A, E]",
    "a flag": "import enum\nclass F(enum.Flag):\n  A, B = 1, 2\nobj = F.A | F.B",
    "a named tuple": "from collections import namedtuple\nP = namedtuple('P', 'x y')\n"
    "obj = P(1, 2)",
    "a generic class": "from typing import *\nT = TypeVar('T')\nclass C(Generic[T]):\n"
    "  def f(self, x: T) -> T: pass\nobj = C",
    "two classes alike": "def make():\n  class C: pass\n  return C\n"
    "obj = [make(), make()]",
    "a dynamic module": "import types\nobj = types.ModuleType('m')\n"
    "exec('n = 1\\ndef f(): return n', vars(obj))",
    "a recursive mixture": "class C:\n  def f(self): return g, {'a', 'b'}\n"
    "def g(): return C, k\nk = {'c': C, 'g': g}\nobj = [g, C]",
}


@pytest.fixture(params=SAMPLES)
def sample(request):
    return SAMPLES[request.param]


def test_processes_and_hash_seeds(sample):
    streams = {dumped_in_main(sample, "obj", hash_seed=seed) for seed in (0, 1, 4242)}
    assert len(streams) == 1


def test_dumping_twice(sample):
    obj = define(sample).obj
    assert cppickle.dumps(obj) == cppickle.dumps(obj)


def test_reload_chains(sample):
    first = dumped_in_main(sample, "obj", hash_seed=7)
    second = passed_on(first)
    assert second == first
    assert passed_on(second) == first


def test_reloading_in_a_process_that_has_run_it():
    source = "n = 1\nclass C:\n  def f(self): return n, {'a', 'b'}\nobj = C"
    first = dumped_in_main(source, "obj")
    with Worker(bare=False) as worker:
        worker.load(first)
        worker.ask("for _ in range(10_000): obj().f()\nNone")
        assert worker.dumps("obj") == first


def test_running_a_function_leaves_its_stream_as_it_was():
    source = """
        class Point:
            x = 1
        def job(n):
            total, point = 0, Point()
            for i in range(n):
                total += point.x + len([i])
            return total
        """
    made = define(source)
    before = cppickle.dumps([made.job, made.Point])
    made.job(10_000)
    assert list(made.job.__code__.co_lines())
    assert cppickle.dumps([made.job, made.Point]) == before


def test_references_to_constants_leave_the_stream_as_it_was():
    made = define("def job(): return 'a constant', (1, 'b'), b'c' * 30")
    before = cppickle.dumps(made.job)
    held = [made.job.__code__.co_consts, made.job.__code__.co_code, made.job()]
    assert cppickle.dumps(made.job) == before
    del held


def typed(source, filename):
    """What typing `source` into a notebook cell defines."""
    scope = {"__name__": "__main__"}
    exec(compile(source, filename, "exec"), scope)
    return scope["job"]


CELLS = {
    "IPython before 8": [
        "<ipython-input-3-0a1b2c3d4e5f>",
        "<ipython-input-17-0a1b2c3d4e5f>",
    ],
    "ipykernel": ["/tmp/ipykernel_123/456.py", "/tmp/ipykernel_98765/43210.py"],
    "a console": ["<stdin>", "<stdin>"],
    "a numbered console": ["<python-input-3>", "<python-input-41>"],
}


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize(
    "source",
    [
        "def job(x):\n  return x + 1",
        "job = lambda: [y for y in 'ab']",
        "def make():\n  def f(): return f\n  return f\njob = make()",
    ],
    ids=["function", "lambda", "closure"],
)
def test_a_cell_typed_twice(kind, source):
    once, again = (typed(source, name) for name in CELLS[kind])
    assert cppickle.dumps(once) == cppickle.dumps(again)


def test_a_cell_s_class_in_two_kernels():
    cell = "class C:\n  def f(self): return C"
    run = "exec(compile({!r}, '/tmp/ipykernel_{}/{}.py', 'exec'))"
    one = dumped_in_main(run.format(cell, 1, 2), "C")
    two = dumped_in_main(run.format(cell, 345, 678), "C")
    assert one == two


def test_file_names_that_are_real_stay(in_fresh_process):
    job = typed("def job(): pass", "/home/me/project/train.py")
    expected = "/home/me/project/train.py"
    assert in_fresh_process(job, "obj.__code__.co_filename") == expected


@pytest.mark.skipif(**since(3, 12))
def test_type_parameters():
    source = (
        "class obj[T, *Ts]:\n  def f[U](self, x: T) -> U: pass\ntype A[T] = list[T]"
    )
    streams = {dumped_in_main(source, "obj, A", hash_seed=seed) for seed in (0, 1)}
    assert len(streams) == 1
    assert {passed_on(stream) for stream in streams} == streams
