"""Checks that repeated dumps leave no references and no memory blocks behind.

Needs a debug build of CPython, which counts all references. Each case runs a few times
to fill caches; after that, the totals must be the same from round to round. Arguments
choose cases by a part of their names.
"""

import abc
import array
import collections
import ctypes
import dataclasses
import enum
import functools
import gc
import io
import pickle
import sys
import threading
import time
import types

import cppickle

# Calls that fill caches: those of classes hold up to a hundred that are gone.
WARM_UP = 500
WARM_UP_SECONDS = 3
ROUNDS = 6
REPEATS = 10  # calls in a round

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


class Importable:
    __module__ = "refleaks_module"


class ImportableSlots:
    __slots__ = ("number", "text", "none")
    __module__ = "refleaks_module"


sys.modules["refleaks_module"] = types.ModuleType("refleaks_module")
vars(sys.modules["refleaks_module"]).update(
    Importable=Importable, ImportableSlots=ImportableSlots
)


# --- What is dumped; all of it lives in __main__, so it goes by value -----------------

FACTOR = 3


def scaled(x, *, by=FACTOR):
    return x * by * FACTOR


def countdown(n):
    return n and countdown(n - 1)


def counter():
    count = 0

    def step():
        nonlocal count
        count += 1
        return count

    def peek():
        return count

    return step, peek


class Base(abc.ABC):
    limit = 10

    @abc.abstractmethod
    def area(self): ...

    @classmethod
    def build(cls, *values):
        return cls(*values)

    @staticmethod
    def unit():
        return "m"


class Square(Base):
    def __init__(self, side):
        self.side = side

    @property
    def double(self):
        return 2 * self.side

    def area(self):
        return super().limit * self.side


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left):
        self.left = left


class WithState:
    def __getstate__(self):
        return {"kept": [1, 2]}

    def __setstate__(self, state):
        self.__dict__.update(state)


class Reduced:
    def __reduce__(self):
        return Reduced, (), {"state": 1}, iter([]), iter([])


class Meta(type):
    def __new__(mcs, name, bases, namespace):
        return super().__new__(mcs, name, bases, namespace)


class WithMeta(metaclass=Meta):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True, frozen=True)
class Frozen:
    x: int


Pair = collections.namedtuple("Pair", "first second")


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    CRIMSON = 1


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Node(ctypes.Structure):
    pass


Node._fields_ = [("value", ctypes.c_int), ("next", ctypes.POINTER(Node))]


class Number(ctypes.c_int):
    pass


def decorated(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


# --- The cases ------------------------------------------------------------------------


@case
def plain_data():
    shared = ["shared"]
    data = [None, True, 1, -(2**70), 1.5, "text", "\udc80", b"bytes", bytearray(b"x")]
    data += [(), (1,), (1, 2, 3, shared), {"k": shared}, {1, "2"}, frozenset([1])]
    data += [..., NotImplemented, len, [].append, type(None), dict, shared]
    data.append(data)
    for protocol in range(6):
        cppickle.dumps(data, protocol)


@case
def many_items():
    cppickle.dumps(["text" + str(i) for i in range(3000)])
    cppickle.dumps({i: (i, float(i)) for i in range(3000)})
    cppickle.dumps(set(range(3000)))


@case
def deep_list():
    nested = []
    for _ in range(10_000):
        nested = [nested]
    cppickle.dumps(nested)


@case
def standard_objects():
    cppickle.dumps(collections.OrderedDict(a=1))
    cppickle.dumps(collections.deque([1, 2]))
    cppickle.dumps(functools.partial(max, 1))


@case
def lambdas():
    cppickle.dumps(lambda x: x + FACTOR)
    cppickle.dumps([lambda: i for i in range(20)])


@case
def fresh_code():
    scope = {"__name__": "__main__"}
    exec("def fresh(x=[1]):\n    return [y for y in x]", scope)
    cppickle.dumps(scope["fresh"])


@case
def functions():
    cppickle.dumps([scaled, countdown, decorated(scaled)])


@case
def closures():
    cppickle.dumps(counter())


@case
def methods():
    square = Square(2)
    cppickle.dumps([square.area, Square.area, Square.build, Square.unit])


@case
def classes():
    cppickle.dumps([Square, Slotted, Point, Frozen, Pair, WithMeta])


@case
def fresh_class():
    class Local:
        attribute = [1]

        def method(self):
            return super().__init__(), Local

    cppickle.dumps(Local)
    cppickle.dumps([Local() for _ in range(3)])


@case
def enums():
    cppickle.dumps([Color, Color.RED, Permission.READ | Permission.WRITE])


@case
def instances():
    cppickle.dumps([Square(2), Slotted(1), Point(1), Frozen(1), Pair(1, 2)])
    cppickle.dumps([WithState(), Reduced(), WithMeta()])


@case
def instances_alike():
    for cls in (collections.Counter, io.BytesIO, Importable, ImportableSlots):
        cppickle.dumps([cls() for _ in range(3)])
    made = [Importable() for _ in range(50)] + [ImportableSlots() for _ in range(50)]
    for i, one in enumerate(made):
        one.number, one.text, one.none = i, f"text {i}", None
    for protocol in (2, 5):
        cppickle.dumps(made, protocol)
        assert pickle.dumps(made, protocol) == cppickle.dumps(made, protocol)


@case
def sentinels():
    own = object()
    cppickle.dumps(lambda: (own, functools._initial_missing))
    cppickle.dumps([countdown, [object() for _ in range(5)]])


@case
def classes_of_ctypes():
    cppickle.dumps([Node, ctypes.c_int * 3, ctypes.POINTER(Node), Number(3)])

    class Local(ctypes.Structure):
        _fields_ = [("x", ctypes.c_int)]

    cppickle.dumps(Local(1))


@case
def exceptions():
    cppickle.dumps(ValueError("wrong", [1]))


@case
def buffers():
    kept = []
    data = pickle.PickleBuffer(bytearray(b"x" * 100))
    cppickle.dumps([data, data], 5, buffer_callback=kept.append)
    cppickle.dumps(data, 5)


@case
def to_a_file():
    cppickle.dump({"big": b"x" * 200_000}, io.BytesIO())


@case
def one_pickler_many_dumps():
    pickler = cppickle.Pickler(io.BytesIO())
    shared = [1, 2]
    for _ in range(3):
        pickler.dump([shared, scaled])
    pickler.memo.copy()
    pickler.clear_memo()
    pickler.dump(shared)


@case
def copied_memo():
    first = cppickle.Pickler(io.BytesIO())
    first.dump([1, "text"])
    second = cppickle.Pickler(io.BytesIO())
    second.memo = first.memo.copy()
    second.memo = first.memo


@case
def hooks():
    class Hooked(cppickle.Pickler):
        def persistent_id(self, obj):
            return "id" if type(obj) is Slotted else None

        def reducer_override(self, obj):
            return (int, ("7",)) if type(obj) is Point else NotImplemented

    pickler = Hooked(io.BytesIO())
    pickler.dispatch_table = {Reduced: lambda obj: "FACTOR"}
    pickler.dump([Slotted(1), Point(1), Square(1), scaled])


@case
def pickler_in_a_cycle():
    pickler = cppickle.Pickler(io.BytesIO())
    pickler.dump([1])
    pickler.dispatch_table = {int: lambda obj: pickler}


def fails(obj, protocol=None, **options):
    try:
        cppickle.dumps(obj, protocol, **options)
    except Exception:
        return
    raise AssertionError(f"dumps({obj!r}) did not fail")


@case
def unpicklable():
    lock = threading.Lock()
    fails(lock)
    fails({"a": [1, (2, lock)]})
    fails(x for x in ())
    fails(sys._getframe())

    def job():
        return lock

    fails(job)
    point = Point(1)
    point.y.append({"deep": lock})
    fails([point])


@case
def failing_foreign_code():
    class Failing:
        def __init__(self, value):
            self.value = value

        def __reduce_ex__(self, protocol):
            if isinstance(self.value, Exception):
                raise self.value
            return self.value

    bad_values = ["no such name", 1, (), (1, 2), (int, 1), (int, (), 1, 2)]
    for value in [ValueError("mine"), *bad_values]:
        fails([Failing(value)])


@case
def failing_file():
    class Full:
        def write(self, data):
            raise OSError("full")

    try:
        cppickle.dump(b"x" * 200_000, Full())
    except OSError:
        return
    raise AssertionError("dump to a failing file did not fail")


@case
def wrong_arguments():
    fails(1, 77)
    fails(1, "two")
    fails(1, 4, buffer_callback=print)
    for arguments in [(), (1,), (io.BytesIO(), 77)]:
        try:
            cppickle.Pickler(*arguments)
        except (TypeError, ValueError):
            continue
        raise AssertionError(f"Pickler{arguments} did not fail")


@case
def registry():
    cppickle.register_pickle_by_value(abc)
    cppickle.dumps(abc.abstractmethod)
    cppickle.list_registry_pickle_by_value()
    cppickle.unregister_pickle_by_value(abc)


# --- Loads ----------------------------------------------------------------------------


class Loaded:
    """Dumped by reference, so that loads makes plain instances."""

    __module__ = "refleaks_module"

    def __init__(self, value):
        self.value = value


sys.modules["refleaks_module"].Loaded = Loaded
DATA = [
    *(1, -(2**70), 2.5, None, True, "text", "\u20ac", b"bytes", bytearray(b"x"), 2j),
    *((), (1,), (1, 2, 3, 4), [1, [2]], {"k": 1, (1, 2): 2}, {1, 2}, frozenset({3})),
    *(Loaded([1]), ImportableSlots(), range(3), collections.OrderedDict(a=1), len),
]


@case
def loads_of_data():
    for protocol in range(2, 6):
        cppickle.loads(pickle.dumps(DATA, protocol))


@case
def loads_of_code():
    for obj in (scaled, countdown, counter, Square, Color, Point(1, 2), lambda x: x):
        cppickle.loads(cppickle.dumps(obj))


@case
def loads_of_files():
    file = io.BytesIO(pickle.dumps(DATA) * 2)
    unpickler = cppickle.Unpickler(file)
    unpickler.load()
    unpickler.memo = unpickler.memo.copy()
    unpickler.load()
    unpickler.memo.clear()
    cppickle.load(io.BytesIO(pickle.dumps(DATA, 0)))


@case
def loads_of_what_is_cut_off():
    stream = pickle.dumps(DATA, 4)
    for end in range(0, len(stream), 7):
        for load in (cppickle.loads, lambda cut: cppickle.load(io.BytesIO(cut))):
            try:
                load(stream[:end])
            except (EOFError, pickle.UnpicklingError):
                pass


@case
def loads_with_hooks():
    class Unpickler(cppickle.Unpickler):
        def find_class(self, module, name):
            return super().find_class(module, name)

        def persistent_load(self, pid):
            return [self, pid]

    buffers = []
    stream = pickle.dumps(
        [DATA, pickle.PickleBuffer(bytearray(9))], 5, buffer_callback=buffers.append
    )
    Unpickler(io.BytesIO(stream), buffers=buffers).load()
    Unpickler(io.BytesIO(b"Pan id\n.")).load()
    cppickle.loads(b"S'old'\n.", encoding="bytes")


# --- Counting -------------------------------------------------------------------------


def growth(function):
    """What each round leaves behind: as many references, and as many blocks."""
    # Room for all figures is made before the first one is taken.
    totals = array.array("q", [0] * 2 * (ROUNDS + 1))
    end = time.monotonic() + WARM_UP_SECONDS
    for call in range(WARM_UP):
        function()
        if call >= 8 and time.monotonic() > end:
            break
    for i in range(0, len(totals), 2):
        for _ in range(REPEATS if i else 1):
            function()
        for _ in range(3):
            gc.collect()
        totals[i] = sys.gettotalrefcount()
        totals[i + 1] = sys.getallocatedblocks()
    grown = [after - before for before, after in zip(totals, totals[2:])]
    return grown[::2], grown[1::2]


def verdict(references, blocks):
    """A case leaks if each round leaves something.

    A single bump is a table that grew; a few blocks come and go with CPython's own free
    lists, so blocks count from one for each call.
    """
    leaking = min(references) > 0 or min(blocks) >= REPEATS
    return "LEAK" if leaking else "ok"


def main(patterns):
    chosen = [n for n in CASES if not patterns or any(p in n for p in patterns)]
    bad = 0
    for name in chosen:
        try:
            references, blocks = growth(CASES[name])
        except Exception as error:
            print(f"ERROR {name:25}{type(error).__name__}: {error}")
            bad += 1
            continue
        word = verdict(references, blocks)
        bad += word != "ok"
        print(f"{word:6}{name:25}references {references} blocks {blocks}")
    print(f"{len(chosen)} cases, {bad} bad")
    return 1 if bad or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
