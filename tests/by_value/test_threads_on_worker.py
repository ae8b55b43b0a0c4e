"""Threads of one worker load at once: no class is seen half-built, and there is one.

CPPICKLE_LONG=1 in the environment: in 100 fresh processes instead of 5.
"""

import os

import pytest
from support.processes import Worker
from support.source import define

import cppickle

ROUNDS = 100 if os.environ.get("CPPICKLE_LONG") == "1" else 5

# Loads `streams` in eight threads at once, again and again, and looks at the objects.
AT_ONCE = """
    import pickle, sys, threading
    sys.setswitchinterval({interval})
    start, errors, found = threading.Barrier(8), [], []

    def go(n):
        try:
            start.wait()
            for turn in range({turns}):
                obj = pickle.loads(streams[(n + turn) % len(streams)])
                found.append(look(obj))
        except BaseException as error:
            errors.append(repr(error))

    threads = [threading.Thread(target=go, args=[n]) for n in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    """


@pytest.fixture(params=[1e-6, None], ids=["switching all the time", "as usual"])
def at_once(request):
    """What eight threads of a fresh bare worker find, and the errors that they get.

    look: the source of a function ``look(obj)`` whose values are collected in a set.
    """
    interval = request.param or "sys.getswitchinterval()"

    def load(streams, look, turns=1, after="None"):
        with Worker() as worker:
            worker.load(b"(l.", "streams")
            for stream in streams:
                worker.load(stream_of_bytes(stream), "stream")
                worker.ask("streams.append(stream)")
            worker.ask(look)
            worker.ask(AT_ONCE.format(interval=interval, turns=turns))
            errors = worker.ask("sorted(set(errors))")
            return errors, worker.ask("len(set(found))"), worker.ask(after)

    return load


def stream_of_bytes(data):
    """A stream that gives the stream `data` as bytes."""
    return cppickle.dumps(bytes(data))


@pytest.fixture(scope="module")
def many_methods():
    methods = "\n".join(f"    def m{i}(self): return {i}" for i in range(3000))
    return cppickle.dumps(define(f"class Big:\n{methods}").Big())


CALL_ALL = """
    def look(obj):
        for i in range(3000):
            assert getattr(obj, f"m{i}")() == i
        return type(obj)
    """


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_class_of_three_thousand_methods(at_once, many_methods, number):
    assert at_once([many_methods], CALL_ALL) == ([], 1, None)


KINDS = {
    "class": (
        """
        class Base:
            def up(self): return self.n + 1
        class Job(Base):
            n = 1
            def run(self): return self.up()
        obj = Job()
        """,
        "def look(obj): return obj.run(), type(obj)",
    ),
    "__init_subclass__": (
        """
        class Plugin:
            known = []
            def __init_subclass__(cls, **options):
                Plugin.known.append(cls.__name__)
        class Job(Plugin): pass
        Plugin.known.clear()
        obj = Job()
        """,
        "def look(obj): return type(obj), len(obj.known)",
    ),
    "enum": (
        """
        import enum
        class Colour(enum.Enum):
            RED, BLUE = 1, 2
            def label(self): return self.name.lower()
        obj = Colour.BLUE
        """,
        """
        def look(obj):
            kind = type(obj)
            assert kind(2) is obj is kind["BLUE"] is kind.BLUE, "another member"
            return kind, obj.label(), len(kind)
        """,
    ),
    "flag": (
        """
        import enum
        class Access(enum.Flag): READ, WRITE = 1, 2
        obj = Access.READ | Access.WRITE
        """,
        "def look(obj): return type(obj), obj is type(obj)(3), obj.value",
    ),
    "type variable": (
        """
        import typing
        T = typing.TypeVar("T", bound=int)
        class Box(typing.Generic[T]):
            def put(self, x: T) -> T: return x
        obj = [Box(), T]
        """,
        """
        def look(obj):
            box, t = obj
            assert type(box).__parameters__ == (t,), "another variable"
            assert box.put.__annotations__["x"] is t
            return type(box), t
        """,
    ),
    "abstract class": (
        """
        import abc
        class Shape(abc.ABC):
            @abc.abstractmethod
            def area(self): ...
        class Square(Shape):
            def area(self): return 4
        Shape.register(list)
        obj = Square()
        """,
        """
        def look(obj):
            shape = type(obj).__base__
            assert issubclass(list, shape) and isinstance(obj, shape)
            try: shape()
            except TypeError: return type(obj), obj.area()
        """,
    ),
    "dataclass": (
        """
        import dataclasses
        @dataclasses.dataclass(frozen=True)
        class Point:
            x: int
            y: list = dataclasses.field(default_factory=list)
        obj = Point(1)
        """,
        """
        import dataclasses
        def look(obj):
            assert obj == type(obj)(1) and repr(obj) == "Point(x=1, y=[])"
            return type(obj), len(dataclasses.fields(obj))
        """,
    ),
    "metaclass": (
        """
        class Meta(type):
            def __call__(cls, *args): return super().__call__()
            @property
            def n(cls): return 7
        class Job(metaclass=Meta): pass
        obj = Job()
        """,
        "def look(obj): return type(obj)(1, 2) and type(obj), type(obj).n",
    ),
    "named tuple": (
        """
        import collections
        Point = collections.namedtuple("Point", "x y")
        obj = Point(1, 2)
        """,
        "def look(obj): return type(obj), obj._replace(x=3).x, tuple(obj)",
    ),
    "classes in a cycle": (
        """
        class Left:
            def other(self): return Right()
        class Right:
            def other(self): return Left()
        obj = Left()
        """,
        "def look(obj): return type(obj), type(obj.other().other()) is type(obj)",
    ),
    "slots": (
        """
        class Pair:
            __slots__ = "a", "b"
            def sum(self): return self.a + self.b
        obj = Pair()
        obj.a, obj.b = 1, 2
        """,
        "def look(obj): return type(obj), obj.sum()",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_one_class_of_each_kind(at_once, kind):
    source, look = KINDS[kind]
    stream = cppickle.dumps(define(source).obj)
    for _ in range(3):
        errors, classes, _ = at_once([stream], look, turns=20)
        assert (errors, classes) == ([], 1)


def test_a_hook_does_not_run_and_is_the_user_s_own_afterwards(at_once):
    source, look = KINDS["__init_subclass__"]
    stream = cppickle.dumps(define(source).obj)
    after = """
        again = pickle.loads(streams[0])
        before = list(again.known)
        class More(type(again)): pass
        before, again.known
        """
    errors, _, known = at_once([stream], look, turns=20, after=after)
    assert (errors, known) == ([], ([], ["More"]))


@pytest.mark.parametrize("where", ["the class", "its base", "a helper"])
def test_two_versions_of_a_class_at_once(at_once, where):
    """Each object has a whole class, whichever of the two it is."""
    source = """
        class Base:
            def base(self): return 1
        class Helper:
            def helper(self): return 1
        class Job(Base):
            def run(self): return self.base() + Helper().helper() + self.own()
            def own(self): return 1
        """
    made = define(source)
    name = {"the class": "Job", "its base": "Base", "a helper": "Helper"}[where]
    method = {"Job": "own", "Base": "base", "Helper": "helper"}[name]
    streams = [cppickle.dumps(made.Job())]
    setattr(getattr(made, name), method, define("def f(self): return 11").f)
    streams.append(cppickle.dumps(made.Job()))
    look = "def look(obj): return 'whole' if obj.run() in (3, 13) else obj.run()"
    errors, answers, _ = at_once(streams, look, turns=100)
    assert (errors, answers) == ([], 1)


def test_attributes_come_and_go_under_readers(at_once):
    """An attribute that both versions have is there at every moment."""
    made = define("class Job:\n    stays = 1\n    def run(self): return self.stays")
    streams = []
    for count in range(4):
        setattr(made.Job, f"extra{count}", count)
        if count:
            delattr(made.Job, f"extra{count - 1}")
        made.Job.stays = count
        streams.append(cppickle.dumps(made.Job()))
    look = "def look(obj): return obj.run() in range(4)"
    errors, answers, _ = at_once(streams, look, turns=200)
    assert (errors, answers) == ([], 1)
