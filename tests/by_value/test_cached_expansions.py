"""What is dumped again is written in one piece, as long as nothing of it has changed.

The third dump of a function or class repeats the second. A pickler with a hook never
does: it says what is right.
"""

import builtins
import gc
import io
import pickle
import sys
import weakref

import pytest
from support.processes import run_child
from support.source import define
from support.streams import repeat, written_out

import cppickle

# --- What can be repeated ---------------------------------------------------

SOURCE = '''
import abc
import collections
import dataclasses
import enum
import functools
import math
import os.path
import random
import sys
import typing

RATE = 0.25
NAMES = ["a", "b"]
draw = random.randint
fromkeys = dict.fromkeys
TOKEN = sys.float_info
TABLE = {"x": (1, 2.5), None: b"bytes", True: {1, 2}}

def plain(x, y=2, *args, z=RATE, **kwargs):
    """A docstring."""
    return x * y * z

def with_globals(x):
    return plain(x) + RATE + len(NAMES) + TABLE["x"][0] + math.pi

def annotated(x: int, y: "str" = "z") -> list[int]:
    return [x]

def recursive(n):
    return n and recursive(n - 1)

def even(n):
    return n == 0 or odd(n - 1)

def odd(n):
    return n != 0 and even(n - 1)

def counter():
    count = 0
    def step():
        nonlocal count
        count += 1
        return count
    def peek():
        return count, empty
    if count:
        empty = 1
    return step, peek

step, peek = counter()
plain.mark = {"k": [1]}

class Base:
    """A base."""
    unit = "m"
    items = []
    shared = NAMES
    def __init__(self, x): self.x = x
    def method(self): return self.x, RATE
    @staticmethod
    def static(y): return y
    @classmethod
    def build(cls, y): return cls(y)
    @property
    def double(self):
        """Twice."""
        return self.x * 2
    @double.setter
    def double(self, value): self.x = value // 2
    def __class_getitem__(cls, item): return item

class Twin(Base):
    pass

class Derived(Base):
    __slots__ = ("extra",)
    def method(self): return super().method()

@dataclasses.dataclass(order=True)
class Record:
    x: int
    y: int = 2
    tags: list = dataclasses.field(default_factory=list, metadata={"a": 1})

@dataclasses.dataclass(frozen=True)
class Frozen:
    text: str = "t"

Pair = collections.namedtuple("Pair", "left right", defaults=(9,))

class Typed(typing.NamedTuple):
    x: int
    y: int = 0

class Color(enum.Enum):
    RED = 1
    GREEN = 2
    ALSO_RED = 1
    @property
    def doubled(self): return self.value * 2

class Number(enum.IntEnum):
    ONE = 1
    BIG = 2 ** 40

class Bits(enum.Flag):
    A = 1
    B = 2
    AB = 3

class Abstract(abc.ABC):
    @abc.abstractmethod
    def run(self): ...

class Concrete(Abstract):
    def run(self): return 1

class Meta(type):
    label = property(lambda cls: "of the metaclass")
    def __len__(cls): return 3

class Made(metaclass=Meta):
    label = {"own": plain}

class Disguised:
    @property
    def __class__(self): return plain, Disguised
    def method(self): return 1

class Equal:
    def method(self): return 1
Equal.__eq__ = lambda self, other: isinstance(other, Equal)

class Hooked:
    def __init_subclass__(cls, **kwargs): cls.seen = kwargs

class UnderHook(Hooked, key=1):
    pass

class Holder:
    held = Base(3)
    color = Color.RED
    function = with_globals
    joined = os.path.join
    cache = functools.lru_cache(plain)

def hinted(x: "list[Twin]", y: "Missing" = 1) -> "Pair":
    return x

def drawing():
    return draw(1, 6), TOKEN, fromkeys

instance = Base([1, "unit", NAMES])
'''

NAMES = [
    *("plain", "with_globals", "annotated", "recursive", "even", "step", "peek"),
    *(
        "Base",
        "Derived",
        "Record",
        "Frozen",
        "Pair",
        "Typed",
        "Color",
        "Number",
        "Bits",
    ),
    *("Abstract", "Concrete", "Made", "UnderHook", "Holder", "instance"),
    *("Disguised", "Equal", "drawing", "hinted"),
]


@pytest.fixture
def made():
    return define(SOURCE)


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize("name", NAMES)
def test_all_streams_are_the_same(made, name, protocol):
    repeat(getattr(made, name), protocol)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", ["plain", "Base", "Color", "step"])
def test_what_follows_is_the_same(made, name, other):
    obj, more = getattr(made, name), getattr(made, other)
    repeat([obj, more, obj, (more,)])
    repeat((obj, {"unit": "m", "x": more, "__main__": obj}))


def test_later_dumps_of_a_pickler_are_the_same(made):
    for _ in range(4):
        file = io.BytesIO()
        pickler = cppickle.Pickler(file)
        objects = [made.Base, made.Derived, made.with_globals, made.instance]
        for obj in objects:
            pickler.dump(obj)
        assert file.getvalue() == written_out(*objects)


def test_a_repeated_stream_works(bare_worker, made):
    repeat(made.Record)
    bare_worker.load(repeat((made.with_globals, made.Record(1))))
    assert bare_worker.ask("obj[0](2), obj[1].y") == (
        2 * 2 * 0.25 + 0.25 + 3 + 3.141592653589793,
        2,
    )


def test_cached_expansions_are_used(made):
    """The third dump does not even look at what a digest is made of."""
    for obj in [made.plain, made.Base, made.Record, made.Color, made.Pair]:
        repeat(obj)
    seen = []
    sys.setprofile(lambda frame, event, arg: seen.append((event, arg)))
    try:
        for obj in [made.plain, made.Base, made.Record, made.Color, made.Pair]:
            cppickle.dumps(obj)
    finally:
        sys.setprofile(None)
    called = {
        getattr(arg, "__name__", None) for event, arg in seen if event == "c_call"
    }
    assert called <= {"dumps", "setprofile"}


# --- Changes ----------------------------------------------------------------

CHANGES = {
    "a global": ("with_globals", "RATE = 0.5"),
    "a list among the globals": ("with_globals", "NAMES.append('c')"),
    "a dict among the globals": ("with_globals", "TABLE['y'] = 1"),
    "a set in a dict": ("with_globals", "TABLE[True].add(3)"),
    "a missing global": ("with_globals", "del RATE"),
    "another function's code": ("with_globals", "plain.__code__ = odd.__code__"),
    "another function's default": ("with_globals", "plain.__defaults__ = (3,)"),
    "a keyword default": ("plain", "plain.__kwdefaults__['z'] = 1"),
    "the docstring": ("plain", "plain.__doc__ = 'Another.'"),
    "the name": ("plain", "plain.__name__ = 'other'"),
    "the qualified name": ("plain", "plain.__qualname__ = 'other.plain'"),
    "the module": ("plain", "plain.__module__ = 'other'"),
    "an attribute": ("plain", "plain.extra = 1"),
    "what an attribute holds": ("plain", "plain.mark['k'].append(2)"),
    "an annotation": ("annotated", "annotated.__annotations__ = {'x': str}"),
    "a cell": ("step", "step()"),
    "an empty cell": ("peek", "peek.__closure__[1].cell_contents = 5"),
    "a class attribute": ("Base", "Base.unit = 'km'"),
    "a new class attribute": ("Base", "Base.more = 1"),
    "a lost class attribute": ("Base", "del Base.unit"),
    "a list in a class": ("Base", "Base.items.append(1)"),
    "a method": ("Base", "Base.method = plain"),
    "a method's default": ("Base", "Base.__init__.__defaults__ = (1,)"),
    "a global of a method": ("Base", "RATE = 7"),
    "a property": ("Base", "Base.double = property(plain)"),
    "a static method's function": ("Base", "Base.static.__defaults__ = (2,)"),
    "a property in the body alone": (
        "Disguised",
        "vars(Disguised)['__class__'].fget.__code__ = odd.__code__",
    ),
    "what a value in the body alone holds": ("Made", "vars(Made)['label'][1] = 2"),
    "what the metaclass has a property for": ("Made", "Meta.other = property(len)"),
    "a hash that comes": ("Equal", "Equal.__hash__ = lambda self: 1"),
    "a class's name": ("Base", "Base.__name__ = 'Other'"),
    "a class's qualified name": ("Base", "Base.__qualname__ = 'Other.Base'"),
    "a base's attribute": ("Derived", "Base.unit = 'km'"),
    "the bases": ("Derived", "Derived.__bases__ = (Twin,)"),
    "a member's attribute": ("Color", "Color.RED.note = 1"),
    "a field": ("Record", "Record.__dataclass_fields__['x'].repr = False"),
    "a parameter": ("Record", "Record.__dataclass_params__.order = False"),
    "a field's docstring": ("Pair", "Pair.left.__doc__ = 'Left.'"),
    "a typed field's docstring": ("Typed", "Typed.x.__doc__ = 'Abscissa.'"),
    "the abstract methods": ("Abstract", "Abstract.__abstractmethods__ = frozenset()"),
    "a registered class": ("Abstract", "Abstract.register(Base)"),
    "a held instance": ("Holder", "Holder.held.x = 4"),
    "a held instance's class": ("Holder", "Holder.held.__class__ = Made"),
    "an instance's class": ("instance", "Base.unit = 'km'"),
    "an instance": ("instance", "instance.x = 1"),
    "the namespace's file": ("plain", "__file__ = 'elsewhere.py'"),
    "the namespace's package": ("plain", "__package__ = 'elsewhere'"),
    "what an annotation names": ("hinted", "Twin.extra = 1"),
    "a name of an annotation that is gone": ("hinted", "del Pair"),
    "a name of an annotation that comes": ("hinted", "Missing = str"),
    "a module's method": ("drawing", "draw = random.Random(1).randint"),
    "another of its methods": ("drawing", "draw = random.randrange"),
    "a builtin class method": ("drawing", "fromkeys = collections.Counter.fromkeys"),
    "what is imported": ("with_globals", "math = type(math)('math')"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("first", [True, False])
def test_a_change_is_seen(made, change, first):
    name, statement = CHANGES[change]
    obj = getattr(made, name)
    root = obj if first else (obj, made.recursive)
    before = repeat(root)
    exec(statement, made.globals)
    assert cppickle.dumps(root) != before
    repeat(root)


def test_a_change_there_and_back_is_seen(made):
    before = repeat(made.Base)
    made.Base.unit = "km"
    repeat(made.Base)
    made.Base.unit = "m"
    assert repeat(made.Base) == before


def test_equal_values_that_are_shared_or_not_differ(made):
    one, two = "x" * 300, "".join(["x"] * 300)
    made.NAMES[:] = [one, one]
    shared = repeat(made.with_globals)
    made.NAMES[:] = [one, two]
    assert cppickle.dumps(made.with_globals) != shared
    repeat(made.with_globals)


def test_1_and_true_and_1_0_differ(made):
    streams = set()
    for made.globals["RATE"] in [1, True, 1.0, -0.0, 0.0]:
        streams.add(repeat(made.with_globals))
    assert len(streams) == 5


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "recorded_module.py").write_text(
        "def function(): return 1\nclass Class: pass\nclass Meta(type): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import recorded_module

    yield recorded_module
    del sys.modules["recorded_module"]


@pytest.mark.parametrize("name", ["function", "Class"])
def test_registering_a_module_is_seen(module, made, name):
    made.NAMES[:] = [getattr(module, name)]
    by_reference = repeat(made.with_globals)
    cppickle.register_pickle_by_value(module)
    try:
        by_value = repeat(made.with_globals)
    finally:
        cppickle.unregister_pickle_by_value(module)
    assert repeat(made.with_globals) == by_reference
    assert len(by_value) > len(by_reference)


@pytest.mark.parametrize("name", ["function", "Class"])
def test_a_name_that_leads_elsewhere_is_seen(module, made, name):
    made.NAMES[:] = [getattr(module, name)]
    before = repeat(made.with_globals)
    setattr(module, name, None)
    assert cppickle.dumps(made.with_globals) != before
    repeat(made.with_globals)


def test_a_dispatch_table_entry_is_seen(made, monkeypatch):
    before = repeat(made.Holder)
    monkeypatch.setitem(
        cppickle.Pickler.dispatch, made.Color, lambda member: (str, ("red",))
    )
    assert cppickle.dumps(made.Holder) != before
    repeat(made.Holder)


def has_been_seen(root, before):
    """Whether the stream is another one, and right."""
    return repeat(root) != before


def test_a_metaclass_that_goes_by_reference_is_seen(module):
    """How the class is made depends on it."""
    made = define("class Made(metaclass=Meta): pass\n", Meta=module.Meta)
    before = repeat(made.Made)
    module.Meta.__init__ = lambda cls, *args: type.__init__(cls, *args)
    assert has_been_seen(made.Made, before)


@pytest.mark.parametrize("value", [..., NotImplemented])
@pytest.mark.parametrize("code", ["def use(): return VALUE", "class use: it = VALUE"])
def test_a_reducer_of_a_constant_is_seen(monkeypatch, value, code):
    made = define(code, VALUE=value)
    before = repeat(made.use)
    monkeypatch.setitem(
        cppickle.Pickler.dispatch, type(value), lambda value: (str, ("constant",))
    )
    assert has_been_seen(made.use, before)


def test_a_reducer_of_fields_is_seen(made, monkeypatch):
    before = repeat(made.Pair)
    field = type(vars(made.Pair)["left"])
    monkeypatch.setitem(
        cppickle.Pickler.dispatch, field, lambda value: (str, ("field",))
    )
    assert has_been_seen(made.Pair, before)


@pytest.mark.parametrize("name", ["property", "staticmethod", "classmethod"])
def test_a_builtin_that_leads_elsewhere_is_seen(made, monkeypatch, name):
    repeat(made.Base)
    monkeypatch.setattr(builtins, name, None)
    with pytest.raises(pickle.PicklingError):
        cppickle.dumps(made.Base)


def test_an_extension_code_is_seen(module, made):
    import copyreg

    made.NAMES[:] = [module.function]
    before = repeat(made.with_globals)
    copyreg.add_extension("recorded_module", "function", 0xF7)
    try:
        assert cppickle.dumps(made.with_globals) != before
    finally:
        copyreg.remove_extension("recorded_module", "function", 0xF7)
    assert repeat(made.with_globals) == before


def test_another_tracker_is_seen():
    source = """
        import sys, cppickle
        def twin():
            class Twin: pass
            return Twin
        first, second = twin(), twin()
        before = [cppickle.dumps(cls) for cls in [first, second] * 4]
        del sys._cppickle_tracker
        # Now the second comes first, and has the plain id.
        after = [cppickle.dumps(cls) for cls in [second, first] * 4]
        print(before == after, set(before) == set(after))
    """
    assert run_child(source).split() == ["True", "True"]


# --- Classes and functions that come and go ---------------------------------


def test_twins_stay_apart():
    first, second = define(SOURCE).Base, define(SOURCE).Base
    assert repeat(first) != repeat(second)


def test_functions_of_one_code_stay_apart():
    source = "def make(n):\n    def inner(): return n\n    return inner\n"
    make = define(source).make
    functions = [make(n) for n in [1, "1", 1.5, None, [1], (1,), make(2)]]
    for _ in range(4):
        for function in functions:
            assert cppickle.dumps(function) == written_out(function)


def test_a_function_made_anew_is_repeated():
    make = define("def make(n):\n    return lambda: n\n").make
    streams = {cppickle.dumps(make("value")) for _ in range(20)}
    assert streams == {written_out(make("value"))}


def test_cached_expansions_keep_nothing_alive():
    made = define(SOURCE)
    for name in NAMES:
        repeat(getattr(made, name))
        repeat([getattr(made, name), made.even])
    kept = [made.Base, made.plain, made.step, made.Color, made.Holder.held, made.Record]
    references = [weakref.ref(obj) for obj in kept]
    del kept, made
    gc.collect()
    assert [reference() for reference in references] == [None] * len(references)


def test_many_classes_come_and_go():
    for number in range(300):
        made = define(f"class Passing:\n    number = {number}\n")
        stream = repeat(made.Passing)
        assert pickle.loads(stream) is made.Passing


def test_a_class_at_the_same_place_is_another():
    streams = set()
    for number in range(50):
        made = define("class Passing:\n    pass\n")
        made.Passing.number = number
        streams.add(repeat(made.Passing))
        del made
        gc.collect()
    assert len(streams) == 50


# --- Size -------------------------------------------------------------------


def test_large_functions_are_written_out():
    names = [f"name{i}" for i in range(3000)]
    made = define(f"NAMES = {names}\ndef function(): return NAMES\n")
    repeat(made.function)


@pytest.mark.parametrize("before", [0, 40_000, 60_000, 65_000, 65_500, 65_530, 70_000])
def test_frames_end_in_the_same_places(before):
    # The first stream is never a repetition. (Where frames end depends on hooks.)
    made = define(SOURCE)
    for name in ["plain", "Base"]:
        obj = [0] * (before // 2) + [getattr(made, name)]
        assert len({cppickle.dumps(obj) for _ in range(4)}) == 1


@pytest.mark.parametrize("count", [500, 690, 1000, 2040, 2060, 6000])
def test_wide_classes_and_functions_are_written_out(count):
    """What takes a word without a look at the limit: fields, missing names, cells."""
    names = [f"n{i}" for i in range(count)]
    made = define(
        f"import collections\nWide = collections.namedtuple('Wide', {names})\n"
        f"def function(): return {', '.join(names)}\n"
        f"def make():\n    def inner(): return {', '.join(names)}\n    return inner\n"
        f"    {' = '.join(names)} = 1\n"
        "cells = make()\n"
    )
    for obj in [made.Wide, made.function, made.cells]:
        # The first stream is never a repetition. (Large code has another form where
        # there is a hook.)
        assert len({cppickle.dumps(obj) for _ in range(4)}) == 1


def test_deep_values_are_written_out():
    made = define("DEEP = []\ndef function(): return DEEP\n")
    for _ in range(100):
        made.DEEP = [made.DEEP]
    repeat(made.function)


def test_writing_to_a_file_repeats_too(made):
    expected = written_out(made.Base)
    for _ in range(4):
        file = io.BytesIO()
        cppickle.dump(made.Base, file)
        assert file.getvalue() == expected
