"""Files whose write() runs foreign code, which the engine lets run between frames."""

import datetime
import gc
import io
import pickle
import string
import threading

import pytest
from support.source import define

import cppickle

FRAME = 65536


class Plain:
    def __init__(self, i):
        self.a, self.b = i, str(i)


class Slotted:
    __slots__ = ("a", "b", "c")

    def __init__(self, i):
        self.a, self.b = i, str(i)


class Zone(datetime.tzinfo):
    def utcoffset(self, when):
        return None


ZONE = Zone()
START = datetime.datetime(2024, 2, 29)

GLOBALS = [string.capwords, threading.Thread, pickle.loads, Plain]

# Makers of the i-th item of a list.
ITEMS = {
    "an instance": Plain,
    "an instance of a list": lambda i: Plain([i]),
    "slots": Slotted,
    "a pair": lambda i: (i, str(i)),
    "a long tuple": lambda i: (i, str(i), [i], {i}, i),
    "a tuple with text": lambda i: (i, "é" * (i % 50), "x" * 300),
    "a dict": lambda i: {"k": i, str(i): [str(i)], 1: {"k": (i,)}},
    "a list of one": lambda i: [[[i]]],
    "sets": lambda i: ({i, i + 1}, frozenset([i])),
    "datetimes": lambda i: START + datetime.timedelta(i),
    "an aware datetime": lambda i: (START + datetime.timedelta(i)).replace(tzinfo=ZONE),
    "a timedelta": lambda i: datetime.timedelta(i, i, i),
    "big numbers": lambda i: (10**300 + i, -i, i / 7),
    "globals": lambda i: (GLOBALS[i % 4], b"x" * (i % 200)),
    "bytes": lambda i: (b"x" * (i % 600), bytearray(b"y" * (i % 600))),
    "a function": lambda i: define(f"def f(x={i}): return x, d\nd = [{i}]").f,
}


class Meddling(io.BytesIO):
    """Empties what is being pickled, and makes new objects in its place."""

    def __init__(self, items):
        super().__init__()
        self.items, self.kept, self.writes = items, [], 0

    def write(self, data):
        self.writes += 1
        written = super().write(data)
        for item in self.items[-200:]:
            for held in (item, getattr(item, "__dict__", None)):
                if isinstance(held, (list, dict, set)):
                    held.clear()
            if isinstance(item, Slotted):
                item.c = 3
        self.items.clear()
        gc.collect(0)
        self.kept += [[str(i), (i, {i: i})] for i in range(1000)]
        cppickle.dumps([Plain(1), Slotted(2), *self.kept[-3:]])
        return written


@pytest.mark.parametrize("shift", range(0, 90, 7))
@pytest.mark.parametrize("kind", ITEMS)
def test_it_drops_what_is_being_written(kind, shift):
    """At each of many places in an item a frame ends."""
    items = ["x" * shift]
    for i in range(10_000):
        items.append(ITEMS[kind](i))
        if i % 100 == 99 and len(pickle_of_tail(items)) * (i / 100) > 1.5 * FRAME:
            break
    file = Meddling(items)
    cppickle.Pickler(file).dump(items)
    assert file.writes >= 2
    file.seek(0)
    first, *again = pickle.load(file)
    assert first == "x" * shift
    assert len(again) > 10


def pickle_of_tail(items):
    return cppickle.dumps(items[-100:])


# The standard pickler sends no such function, and __slots__ from protocol 2 on.
COMPARED = [
    (kind, protocol)
    for kind in ITEMS
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    if kind != "a function" and not (kind == "slots" and protocol < 2)
]


@pytest.mark.parametrize(("kind", "protocol"), COMPARED)
def test_a_files_stream_is_that_of_dumps(kind, protocol):
    items = [ITEMS[kind](i) for i in range(3000)]
    file, chunks = io.BytesIO(), []

    class Chunks:
        def write(self, data):
            chunks.append(bytes(data))

    for target in (file, Chunks()):
        cppickle.dump(items, target, protocol)
    assert b"".join(chunks) == file.getvalue() == cppickle.dumps(items, protocol)
    if protocol >= 4:
        expected = io.BytesIO()
        pickle.Pickler(expected, protocol).dump(items)
        assert file.getvalue() == expected.getvalue()


@pytest.mark.parametrize("kind", ITEMS)
def test_a_write_that_fails(kind):
    class Full:
        def __init__(self):
            self.left = 2

        def write(self, data):
            self.left -= 1
            if not self.left:
                raise OSError("no space left")

    items = [ITEMS[kind](i) for i in range(6000)]
    with pytest.raises(OSError, match="no space left"):
        cppickle.Pickler(Full()).dump(items)
    del items
    gc.collect()


def test_a_memo_outlives_what_was_dumped():
    """A later dump must not take new objects for old ones at the same addresses."""
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)
    for turn in range(20):
        pickler.dump([[str(i), (i, turn), {i: turn}, Plain(i)] for i in range(500)])
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    for turn in range(20):
        for i, (text, pair, table, plain) in enumerate(unpickler.load()):
            assert (text, pair, table) == (str(i), (i, turn), {i: turn})
            assert (plain.a, plain.b) == (i, str(i))
