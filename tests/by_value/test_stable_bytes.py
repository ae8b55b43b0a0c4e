"""Equal definitions, equal bytes: sets outside of code; and dumps that have to end.

Sets in the constants of code are in test_determinism. A set that is sent by itself has
the bytes of the standard pickler.
"""

import contextlib
import gc
import pickle
import time

import pytest
from support.processes import Worker, run_child
from support.senders import runs, session
from support.source import define

import cppickle

SETS = {
    "a set of a module": """
        S = {"k1", "k2", "k3", "k4"}
        def obj(x): return x in S
        """,
    "a frozenset of a module": """
        S = frozenset(["k1", "k2", "k3", "k4"])
        def obj(x): return x in S
        """,
    "a default": """
        def obj(x, s=frozenset(["k1", "k2", "k3"])): return x in s
        """,
    "a keyword default": """
        def obj(x, *, s={"k1", "k2", "k3"}): return x in s
        """,
    "a class attribute": """
        class obj:
            S = frozenset(["k1", "k2", "k3", "k4"])
            T = {"k1", "k2", "k3", "k4"}
        """,
    "an attribute of a function": """
        def obj(): pass
        obj.s = {"k1", "k2", "k3", "k4"}
        """,
    "a cell": """
        def make(s):
            def f(x): return x in s
            return f
        obj = make({"k1", "k2", "k3"})
        """,
    "in a dict of a module": """
        TABLE = {"a": {"k1", "k2", "k3"}, "b": [frozenset(["p", "q", "r"])]}
        def obj(x): return x in TABLE["a"]
        """,
    "frozensets in frozensets": """
        S = frozenset(frozenset([a, b, frozenset([a])]) for a in "pqr" for b in "stu")
        def obj(x): return x in S
        """,
    "tuples of texts": """
        S = {("a", "b"), ("c", "d"), ("e", ("f", "g"))}
        def obj(x): return x in S
        """,
    "bytes": """
        S = {b"k1", b"k2", b"k3", b"k4"}
        def obj(x): return x in S
        """,
    "mixed types": """
        S = {"a", b"a", 1, 2.5, None, ("a", 1), frozenset(["b", "c"]), True, 3j, ...}
        def obj(x): return x in S
        """,
    "members of an enum": """
        import enum
        class E(enum.Enum): A, B, C, D = "abcd"
        S = {E.A, E.B, E.C, E.D}
        def obj(x): return x in S
        """,
    "members of an importable enum": """
        import socket
        S = {socket.AF_INET, socket.AF_UNIX, socket.AF_INET6, socket.AF_UNSPEC}
        def obj(x): return x in S
        """,
    "types": """
        S = {int, str, bytes, list, dict, type(None)}
        def obj(x): return x in S
        """,
    "classes": """
        class A: pass
        class B: pass
        class C(A): pass
        S = {A, B, C}
        def obj(x): return x in S
        """,
    "functions": """
        def a(): pass
        def b(): pass
        def c(): return S
        S = {a, b, c}
        def obj(x): return x in S
        """,
    "built-in functions": """
        S = {len, abs, min, max, sorted}
        def obj(x): return x in S
        """,
    "instances of a dataclass": """
        import dataclasses
        @dataclasses.dataclass(frozen=True)
        class P: x: str
        S = {P("a"), P("b"), P("c")}
        def obj(x): return x in S
        """,
    "named tuples": """
        import collections
        P = collections.namedtuple("P", "x y")
        S = {P("a", 1), P("b", 2), P("c", 3)}
        def obj(x): return x in S
        """,
    "dates, decimals and paths": """
        import datetime, decimal, pathlib
        S = {datetime.date(2000, 1, n) for n in range(1, 5)}
        S |= {decimal.Decimal(n) / 4 for n in range(4)}
        S |= {pathlib.PurePosixPath(p) for p in "abc"}
        def obj(x): return x in S
        """,
    "keys of a dict with a set": """
        S = {frozenset(["a", "b", "c"]): {"d", "e", "f"}}
        def obj(x): return x in S
        """,
    "a subclass of set": """
        class Names(set): pass
        S = Names(["k1", "k2", "k3"])
        def obj(x): return x in S
        """,
    "a TypedDict": """
        import typing
        class obj(typing.TypedDict):
            a: int
            b: int
            c: int
        """,
    "a TypedDict with optional keys": """
        import typing
        class Base(typing.TypedDict):
            a: int
            b: int
            c: int
        class obj(Base, total=False):
            d: int
            e: int
            f: int
        """,
    "a dataclass with a frozenset": """
        import dataclasses
        @dataclasses.dataclass
        class obj:
            "Without one, dataclass() makes a text of the default: that has its order."
            tags: frozenset = frozenset(["a", "b", "c", "d"])
            more: set = dataclasses.field(default_factory=lambda: {"x", "y", "z"})
        """,
    "a protocol": """
        import typing
        class obj(typing.Protocol):
            a: int
            b: int
            def c(self): ...
            def d(self): ...
        """,
    "an abstract class": """
        import abc
        class obj(abc.ABC):
            @abc.abstractmethod
            def a(self): ...
            @abc.abstractmethod
            def b(self): ...
            @abc.abstractmethod
            def c(self): ...
        """,
    "a Counter of letters in a set": """
        import collections
        S = [collections.Counter("abc"), frozenset("abcdef")]
        class obj:
            def run(self): return S
        """,
}  # fmt: skip


@pytest.fixture(params=SETS)
def source(request):
    return SETS[request.param]


@pytest.fixture(scope="module")
def seeded():
    """Processes whose hashes of texts differ."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(Worker(bare=False, hash_seed=seed, seconds=3600))
            for seed in range(4)
        ]


def test_bytes_do_not_vary_with_the_hash_seed(source, seeded):
    streams = set()
    for process in seeded:
        process.run_main(source)
        streams.add(process.dumps("obj"))
    assert len(streams) == 1


def test_nor_when_it_is_passed_on(source, seeded):
    one, other, *_ = seeded
    one.run_main(source)
    stream = one.dumps("obj")
    other.load(stream, "passed")
    assert other.dumps("passed") == stream


def test_nor_with_the_order_in_which_a_set_was_filled():
    source = "S = set(names)\nclass Job:\n    def run(self): return S"
    streams = set()
    for names in ["a", "i", "q", "y"], ["y", "q", "i", "a"]:
        streams.add(cppickle.dumps(define(source, names=names).Job))
        gc.collect()  # an equal class that is still there has the id
    assert len(streams) == 1


def test_the_sets_arrive(source, bare_worker):
    """Whatever order they are written in, they have the same elements there."""
    made = define(source)
    if "S" in made.globals and callable(made.globals.get("obj")):
        bare_worker.load(cppickle.dumps([made.obj, len(made.S)]))
        found = bare_worker.ask(
            """
            job, expected = obj
            held = job if isinstance(job, type) else job.__globals__["S"]
            expected == len(held) if hasattr(held, "__len__") else True
            """
        )
        assert found is True


def test_an_edited_set_is_another_class_and_an_equal_one_the_same(on_one_worker):
    script = """
        S = frozenset({})
        class Job:
            def run(self): return sorted(S)
        """
    one, equal, other = (script.format(s) for s in (["a", "b"], ["b", "a"], ["a", "c"]))
    ask = "obj.run(), [type(job) is type(obj) for job in loaded]"
    answers = on_one_worker(runs(one, one, other, ask=ask))
    assert answers[1:] == [
        (["a", "b"], [True, True]),
        (["a", "c"], [False, False, True]),
    ]
    assert on_one_worker(runs(one, equal, other, ask="obj.run()")) == [
        ["a", "b"],
        ["a", "b"],
        ["a", "c"],
    ]


def test_a_set_that_is_mutated_in_place(on_one_worker):
    script = """
        S = {"a"}
        class Job:
            def run(self): return sorted(S)
        """
    story = session(script, "S.add('b')", "S.discard('a')", repeats=3)
    assert on_one_worker(story) == [["a"], ["a", "b"], ["b"]]


# Dumps that have to end: what a digest by element or by level never finishes.

PEERS = """
    import cppickle
    class Node:
        def __init__(self): self.peers = set()
    nodes = [Node() for _ in range({number})]
    for node in nodes: node.peers = set(nodes) - {{node}}
    class Planner:
        def size(self): return len(nodes)
    cppickle.dumps(Planner())
    print(len(cppickle.dumps(Planner())))
    """
TREE = """
    import cppickle
    class Node:
        def __init__(self, parent=None):
            self.parent, self.children = parent, set()
            if parent: parent.children.add(self)
    root = Node()
    for _ in range({number}):
        child = Node(root)
        Node(child)
    class Planner:
        def size(self): return root
    cppickle.dumps(Planner())
    print(len(cppickle.dumps(Planner())))
    """


def test_objects_that_reduce_to_sets_of_each_other():
    """The order of a set asks for reduce values, in which there are sets again."""
    run_child("""
        import cppickle
        class Peer:
            def __init__(self): self.peers = set()
            def __reduce__(self): return Peer, (), self.__dict__
        class Group(set): pass
        S = {Peer() for _ in range(4)}
        for one in S: one.peers |= S; one.group = Group(S)
        class Job:
            def run(self): return S
        for _ in range(3): cppickle.dumps([Job, S])
        """)


@pytest.mark.parametrize("number", [4, 30])
@pytest.mark.parametrize("script", [PEERS, TREE], ids=["peers", "a tree"])
def test_objects_in_sets_that_refer_to_each_other(script, number):
    assert int(run_child(script.format(number=number), seconds=20)) > 0


def seconds(act):
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def nested(levels):
    inner = frozenset([1, 2])
    for level in range(levels):
        inner = frozenset([inner, frozenset([inner, level])])
    return define("class C: deep = value", value=inner).C


def test_frozensets_in_frozensets_take_linear_time():
    run_child(
        """
        import cppickle
        inner = frozenset([1, 2])
        for level in range(60):
            inner = frozenset([inner, frozenset([inner, level])])
        class C: deep = inner
        assert cppickle.dumps(C) == cppickle.dumps(C)
        """,
        seconds=20,
    )
    few = min(seconds(lambda: cppickle.dumps(nested(6))) for _ in range(5))
    many = min(seconds(lambda: cppickle.dumps(nested(12))) for _ in range(5))
    assert many < 8 * few + 0.05


def test_a_logger_beside_many_others_costs_no_more():
    """What is not sent is not walked either: the logger goes by its name."""
    source = """
        import logging
        log = logging.getLogger("app.job")
        class Job:
            def run(self): log.debug("x")
        """
    run_child(
        f"""
        import cppickle, logging, textwrap, time
        scope = {{"__name__": "__main__"}}
        exec(textwrap.dedent({source!r}), scope)
        def seconds():
            times = []
            for _ in range(20):
                start = time.perf_counter()
                cppickle.dumps(scope["Job"]())
                times.append(time.perf_counter() - start)
            return min(times)
        alone, stream = seconds(), cppickle.dumps(scope["Job"])
        for n in range(1000): logging.getLogger(f"lib{{n // 50}}.mod{{n}}")
        scope["log"].debug("hello")
        assert cppickle.dumps(scope["Job"]) == stream
        assert seconds() < 5 * alone + 0.001, (seconds(), alone)
        """
    )


def test_the_lazy_dict_of_an_exception_changes_nothing():
    made = define("error = ValueError(1)\nclass Job:\n    def run(self): return error")
    first = cppickle.dumps(made.Job)
    assert cppickle.dumps(made.Job) == first
    assert made.error.__dict__ == {}
    assert cppickle.dumps(made.Job) == first


def test_equal_definitions_in_several_processes():
    """Whatever else the process has done before, and however often it has dumped."""
    source = """
        class Base:
            tags = frozenset(["a", "b", "c"])
        class Job(Base):
            def run(self): return helper(self)
        def helper(job): return Job, Base, job.tags
        """
    others = """
        import cppickle, random, json, decimal
        for n in range(50): cppickle.dumps(type(f"Other{n}", (), {"n": n}))
        """
    streams = set()
    for before in "", others:
        for _ in range(2):
            with Worker(bare=False) as sender:
                sender.run_main(before)
                sender.run_main(source)
                streams.update(sender.dumps(e) for e in ["Job", "Job"])
    assert len(streams) == 1


def test_ids_of_old_protocols_do_not_depend_on_what_was_dumped_before():
    """Those reduce instances in another way, so what is known of ids is not theirs."""
    source = """
        import cppickle
        class Point: pass
        class Job:
            start = Point()
        vars(Job.start)["__reduce__"] = "hides nothing, but is asked for"
        def dumps(protocol): return cppickle.dumps(Job, protocol)
        """
    for protocol in 0, 1, 2:
        streams = set()
        for before in ["[]"], ["Job"] * 4, ["dumps(0)"] * 4, ["dumps(3)"] * 4:
            with Worker(bare=False) as sender:
                sender.run_main(source)
                for expression in before:
                    sender.dumps(expression)
                for _ in range(3):
                    streams.add(pickle.loads(sender.dumps(f"dumps({protocol})")))
        assert len(streams) == 1, protocol
