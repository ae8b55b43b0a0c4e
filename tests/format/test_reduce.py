"""Reduce values of every form, byte for byte as the standard pickler writes them."""

import array
import collections
import copyreg
import datetime
import decimal
import enum
import fractions
import functools
import operator
import pathlib
import pickle
import random
import re
import uuid

import pytest

import cppickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Plain:
    """What the test cases make instances of and compare."""

    def __init__(self, *args, **kwargs):
        self.args, self.kwargs = args, kwargs


class Filled(list):
    def __setitem__(self, key, value):
        self.append((key, value))

    def __setstate__(self, state):
        self.append(("state", state))


def apply_state(obj, state):
    obj.append(("applied", state))


VALUES = {
    "2 items": lambda: (Plain, (1, 2)),
    "no arguments": lambda: (Plain, ()),
    "3 items": lambda: (Plain, (1,), {"x": 1}),
    "state None": lambda: (Plain, (1,), None),
    "empty state": lambda: (Plain, (1,), {}),
    "falsy state": lambda: (Filled, (), 0),
    "list items": lambda: (Filled, (), None, iter([1, 2, 3])),
    "1001 list items": lambda: (Filled, (), None, iter(range(1001))),
    "one list item": lambda: (Filled, (), None, iter([1])),
    "no list items": lambda: (Filled, (), None, iter([])),
    "dict items": lambda: (Filled, (), None, None, iter([(1, 2), (3, 4)])),
    "1001 dict items": lambda: (Filled, (), None, None, zip(range(1001), "a" * 1001)),
    "one dict item": lambda: (Filled, (), None, None, iter([(1, 2)])),
    "no dict items": lambda: (Filled, (), None, None, iter([])),
    "everything": lambda: (Filled, (), "s", iter([1]), iter([(2, 3)])),
    "state setter": lambda: (Filled, (), "s", None, None, apply_state),
    "all six": lambda: (Filled, (), "s", iter([1]), iter([(2, 3)]), apply_state),
    "setter None": lambda: (Filled, (), "s", None, None, None),
    "setter without state": lambda: (Filled, (), None, None, None, apply_state),
}


class Reduced:
    """Gives a reduce value by name, new each time."""

    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return VALUES[self.name]()


@pytest.mark.parametrize("name", VALUES)
def test_each_form(same_bytes, name):
    same_bytes(Reduced(name))
    one = Reduced(name)
    same_bytes([one, one, Reduced(name)])


def test_a_state_setter_is_called_on_load(roundtrip):
    assert roundtrip(Reduced("state setter")) == [("applied", "s")]
    assert roundtrip(Reduced("all six")) == [1, (2, 3), ("applied", "s")]


class Named:
    def __reduce__(self):
        return "NAMED"


NAMED = Named()


def test_a_string_names_a_global(same_bytes, roundtrip):
    same_bytes([NAMED, NAMED])
    assert roundtrip(NAMED) is NAMED
    with pytest.raises(pickle.PicklingError):
        cppickle.dumps(Named())


class Recursive(Filled):
    """Its own reduce arguments lead back to it."""

    def __init__(self, parts):
        self.parts = parts

    def __reduce__(self):
        return RECURSIVE[self.parts[1]](self.parts)


RECURSIVE = {
    "items": lambda parts: (Recursive, (parts,), None, iter([1, 2])),
    "pairs": lambda parts: (Recursive, (parts,), None, None, iter([(1, 2)])),
    "a state": lambda parts: (Recursive, (parts,), "s"),
    "a state setter": lambda parts: (Recursive, (parts,), "s", None, None, apply_state),
    "all": lambda parts: (Recursive, (parts,), "s", iter([1]), iter([(2, 3)])),
    "a lazy item": lambda parts: (Recursive, (parts,), None, (x for x in parts[:1])),
}


@pytest.mark.parametrize("name", RECURSIVE)
def test_one_reached_again_through_its_arguments_is_filled_once(
    same_bytes, roundtrip, name
):
    parts = [None, name]
    parts[0] = obj = Recursive(parts)
    same_bytes(obj)
    same_bytes([parts, obj])
    for protocol in PROTOCOLS:
        again = roundtrip(obj, protocol)
        assert again.parts[0] is again
        expected = pickle.loads(pickle.dumps(obj, protocol))
        assert len(again) == len(expected) > 0


class ReducedEx(Reduced):
    def __reduce_ex__(self, protocol):
        return (Plain, (protocol,))

    def __reduce__(self):
        raise AssertionError("__reduce_ex__ comes first")


def test_reduce_ex_is_told_the_protocol(same_bytes, roundtrip):
    same_bytes(ReducedEx("x"))
    for protocol in PROTOCOLS:
        assert roundtrip(ReducedEx("x"), protocol).args == (protocol,)


class NewArgs(int):
    def __new__(cls, value, *, base=10):
        return super().__new__(cls, value, base)

    def __getnewargs_ex__(self):
        return (format(int(self), "x"),), {"base": 16}


class NewArgsPositional(tuple):
    def __new__(cls, left, right):
        return super().__new__(cls, (left, right))

    def __getnewargs__(self):
        return tuple(self)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_getnewargs(same_bytes, roundtrip, protocol):
    for obj in [NewArgs("77"), NewArgsPositional(1, [2])]:
        if (
            protocol >= 4
        ):  # before, the form of keyword arguments varies by Python version
            same_bytes(obj, [protocol])
        assert roundtrip(obj, protocol) == obj


@pytest.mark.parametrize("protocol", range(2, 6))
def test_getnewargs_in_a_cycle(same_bytes, roundtrip, protocol):
    inner = []
    obj = NewArgsPositional(inner, 1)
    obj.state = obj
    inner.append(1)
    same_bytes([obj, obj], [protocol])
    assert roundtrip(obj, protocol).state is not None


class WithState(Plain):
    def __getstate__(self):
        return ("state", self.args)

    def __setstate__(self, state):
        self.restored = state


def test_getstate_and_setstate(same_bytes, roundtrip):
    same_bytes(WithState(1, 2))
    assert roundtrip(WithState(1, 2)).restored == ("state", (1, 2))


class Slots:
    __slots__ = ("a", "b", "__private")

    def __init__(self):
        self.a, self.__private = 1, 2


class SlotsAndDict(Slots):
    pass


@pytest.mark.parametrize("kind", [Slots, SlotsAndDict])
@pytest.mark.parametrize("protocol", range(2, 6))
def test_slots(same_bytes, roundtrip, kind, protocol):
    obj = kind()
    if kind is SlotsAndDict:
        obj.extra = [obj]
    same_bytes(obj, [protocol])
    again = roundtrip(obj, protocol)
    assert (again.a, again._Slots__private, hasattr(again, "b")) == (1, 2, False)


def test_slots_before_protocol_2_are_refused():
    for protocol in (0, 1):
        with pytest.raises(TypeError):
            cppickle.dumps(Slots(), protocol)


class Registered(Plain):
    pass


def test_copyreg_is_live(same_bytes, roundtrip):
    obj = Registered(1)
    before = cppickle.dumps(obj)
    copyreg.pickle(Registered, lambda o: (Plain, ("registered",)))
    try:
        same_bytes(obj)
        assert roundtrip(obj).args == ("registered",)
    finally:
        del copyreg.dispatch_table[Registered]
    assert cppickle.dumps(obj) == before


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    "obj",
    [
        datetime.datetime(2024, 2, 29, 1, 2, 3, 4, datetime.timezone.utc, fold=1),
        datetime.date(2024, 2, 29),
        datetime.time(1, 2, 3, 4, fold=1),
        datetime.timedelta(-1, 2, 3),
        datetime.timezone(datetime.timedelta(hours=1), "CET"),
        decimal.Decimal("1.10"),
        fractions.Fraction(1, 3),
        uuid.UUID(int=5),
        re.compile("a+", re.I),
        pathlib.PurePosixPath("/a/b"),
        random.Random(1),
        range(1, 10, 2),
        slice(1, None, 2),
        array.array("d", [1.0, 2.0]),
        collections.deque([1], maxlen=3),
        collections.ChainMap({1: 2}),
        functools.partial(operator.add, 1),
        operator.itemgetter(1, 2),
        operator.attrgetter("a.b"),
        operator.methodcaller("x", 1, y=2),
        re.IGNORECASE,
        Colour.RED,
        ValueError("a", 1),
        OSError(2, "no", "file"),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "why"),
        KeyError(),
    ],
    ids=lambda o: type(o).__name__,
)
def test_objects_of_the_standard_library(same_bytes, obj):
    same_bytes(obj)
    same_bytes([obj, obj])


@pytest.mark.parametrize("make", [iter, reversed, enumerate], ids=lambda f: f.__name__)
def test_iterators(same_bytes, roundtrip, make):
    used = make([1, 2, 3])
    next(used)
    same_bytes(used)
    assert list(roundtrip(used)) == list(used)


class Raising:
    def __init__(self, error):
        self.error = error

    def __reduce__(self):
        raise self.error


@pytest.mark.parametrize("kind", [ValueError, KeyError, MemoryError, KeyboardInterrupt])
def test_a_reducer_s_own_error_passes_as_it_is(kind):
    error = kind("mine")
    with pytest.raises(kind) as caught:
        cppickle.dumps([1, Raising(error)])
    assert caught.value is error
