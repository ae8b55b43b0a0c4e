"""Random graphs of objects, and their streams."""

import io
import os
import pickle
import random

import cppickle


class Fixed(type):
    """The type of classes that no stream may change: other cases need them."""

    def __setattr__(cls, name, value):
        raise AttributeError(name)


class Plain(metaclass=Fixed):
    def __init__(self, x):
        self.x = x


class Slots(metaclass=Fixed):
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1


class Custom(metaclass=Fixed):
    def __getstate__(self):
        return 5

    def __setstate__(self, state):
        self.state = state


class Arguments(tuple, metaclass=Fixed):
    """Made by __new__ with keywords."""

    __slots__ = ()

    def __new__(cls, *items, kind=None):
        return super().__new__(cls, items)

    def __getnewargs_ex__(self):
        return tuple(self), {"kind": 1}


class Items(list, metaclass=Fixed):
    """Its items go through extend() or append()."""


class Pairs(dict, metaclass=Fixed):
    """Its items go through __setitem__()."""


class Sum(metaclass=Fixed):
    """Reduced to a call, with a state, items and pairs."""

    def __init__(self, *terms):
        self.terms = terms
        self.items = []

    def __reduce__(self):
        return Sum, self.terms, {"kept": 1}, iter(self.items), iter([("k", 2)])

    def append(self, item):
        self.items.append(item)

    def __setitem__(self, key, value):
        self.items.append((key, value))


class External(metaclass=Fixed):
    """Travels as a persistent id."""


CLASSES = (Plain, Slots, Custom, Arguments, Items, Pairs, Sum, External)


class Choices(random.Random):
    protocol = 5  # for which objects are chosen
    has_ids = False

    def few(self):
        return range(self.randrange(5))


ATOMS = (
    *(0, 1, -1, 255, 256, 65536, -(2**31), 2**31, 2**63, -(2**63), 2**70, -(2**2100)),
    *("", "a", "text", "\xe9", "\u20ac", "\U0001f600\ud800", "x\n\\y'", "l" * 300),
    *(0.0, -1.5, 1e300, float("inf"), 2j),
    *(None, True, False, ..., NotImplemented),
    *(b"", b"bytes", b"x" * 300, b"\x80\n'"),
    *(int, len, Plain, os.path.join, slice(1, 2)),
)


def graph(rng, depth=0):
    kind = rng.randrange(24 if depth < 4 else 8)
    few = rng.few()
    match kind:
        case 0 | 1 | 2 | 3:
            return rng.choice(ATOMS)
        case 4:
            return Slots() if rng.protocol >= 2 else None
        case 5:
            return Custom()
        case 6:
            return frozenset(few) if rng.randrange(2) else bytearray(few)
        case 7:
            return External() if rng.has_ids else buffer(rng)
        case 8 | 9 | 10 | 11:
            made = [graph(rng, depth + 1) for _ in few]
            if rng.randrange(6) == 0:
                made.append(made)
            return made
        case 12 | 13 | 14:
            return tuple(graph(rng, depth + 1) for _ in few)
        case 15 | 16 | 17:
            return {f"k{i}": graph(rng, depth + 1) for i in few}
        case 18:
            return {rng.choice(ATOMS[:20]): graph(rng, depth + 1), (1, 2): len(few)}
        case 19:
            return set(few)
        case 20:
            made = Items(graph(rng, depth + 1) for _ in few)
            made.attribute = rng.choice(ATOMS)
            return made
        case 21:
            return Pairs({i: graph(rng, depth + 1) for i in few})
        case 22:
            made = [Arguments, Sum][rng.randrange(2)](*few)
            return [made, made]
        case _:
            return Plain(graph(rng, depth + 1))


def buffer(rng):
    if rng.protocol < 5:
        return b"buffer"
    return pickle.PickleBuffer(rng.choice([b"read-only", bytearray(b"writable")]))


def with_ids(base):
    class Pickler(base):
        def persistent_id(self, obj):
            return "an id" if type(obj) is External else None

    return Pickler


PICKLERS = [
    with_ids(base) for base in (pickle.Pickler, pickle._Pickler, cppickle.Pickler)
]


def pickled(rng):
    """A stream of a random graph, and its buffers."""
    rng.protocol = rng.randrange(6)
    buffers = []
    out_of_band = rng.protocol == 5 and rng.randrange(2)
    file = io.BytesIO()
    pickler = rng.choice(PICKLERS)(
        file, rng.protocol, buffer_callback=buffers.append if out_of_band else None
    )
    pickler.dump(graph(rng))
    return file.getvalue(), buffers
