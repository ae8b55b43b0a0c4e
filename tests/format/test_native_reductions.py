"""Objects whose reduce values the engine makes itself once one has answered."""

import collections
import copyreg
import decimal
import fractions
import io
import pathlib
import pickle
import sys
import types
import uuid
from importlib.machinery import ModuleSpec

import pytest

import cppickle


class Point(collections.namedtuple("Point", "x y")):
    __slots__ = ()


class Share(fractions.Fraction):
    __slots__ = ()


Pair = collections.namedtuple("Pair", "left right")
HOME = types.ModuleType("importable_named_tuples")
HOME.__spec__ = ModuleSpec(HOME.__name__, None)
sys.modules[HOME.__name__] = HOME
for cls in (Pair, Point, Share):
    cls.__module__ = HOME.__name__
    setattr(HOME, cls.__name__, cls)

OBJECTS = {
    "range": [range(i, 100, 3) for i in range(9)] + [range(10**30)],
    "slice": [slice(i, None, "step") for i in range(9)] + [slice([1], (2,), None)],
    "complex": [complex(i, -i) for i in range(9)] + [complex("inf")],
    "fraction": [fractions.Fraction(i, 7) for i in range(9)],
    "fraction of a subclass": [Share(i, 7) for i in range(9)],
    "path": [pathlib.Path("/a", str(i)) for i in range(9)]
    + [pathlib.Path(), pathlib.PureWindowsPath("c:/x"), pathlib.Path("a/b")],
    "uuid": [uuid.UUID(int=i * 10**30) for i in range(9)]
    + [uuid.UUID(int=5, is_safe=uuid.SafeUUID.safe)],
    "decimal": [decimal.Decimal(i) / 3 for i in range(9)]
    + [decimal.Decimal(1), decimal.Decimal("-inf"), decimal.Decimal("1" * 2000)],
    "deque": [collections.deque(range(i)) for i in (0, 1, 2, 1000, 1001, 2000, 2001)]
    + [collections.deque("aba", 7), collections.deque([1, [2], "a"])],
    "named tuple": [Pair(i, "x") for i in range(9)] + [Pair([1], Pair(None, (1,)))],
    "named tuple of a subclass": [Point(i, "x") for i in range(9)],
}


@pytest.fixture(params=OBJECTS)
def objects(request):
    cppickle.dumps(OBJECTS[request.param])  # they have answered
    return OBJECTS[request.param]


def test_same_bytes(same_bytes, objects):
    for obj in objects:
        same_bytes(obj)
        same_bytes([obj, obj, (obj, [obj])])
    same_bytes(objects * 2)
    same_bytes(objects[::-1])
    same_bytes(dict(enumerate(objects)))


def test_all_kinds_in_one_stream(same_bytes):
    same_bytes(OBJECTS)
    same_bytes([*zip(*OBJECTS.values())])


def test_round_trips(roundtrip, objects):
    assert roundtrip(objects) == objects


def test_frames_end_where_the_standard_pickler_s_do(same_bytes, objects):
    for fill in range(0, 60, 13):
        same_bytes(["x" * fill, *(objects * 400)], [4, 5])


def test_parts_are_shared(same_bytes):
    text, items = "a text" + str(id(pytest)), [1]
    same_bytes([Pair(text, items), Pair(text, items), text, items])
    same_bytes([slice(text, items), slice(text, items)])
    same_bytes([collections.deque([text]), collections.deque([text, text])])


def test_recursion(roundtrip, same_bytes):
    items = []
    items.append(Pair(items, 1))
    same_bytes(items)
    same_bytes(items[0])
    again = roundtrip(items)
    assert again[0].left is again


def test_files(objects):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        file = io.BytesIO()
        cppickle.dump(objects * 50, file, protocol)
        assert file.getvalue() == pickle.dumps(objects * 50, protocol)


def test_hooks_come_first(objects):
    class Ours(cppickle.Pickler):
        def persistent_id(self, obj):
            return None

        def reducer_override(self, obj):
            asked.append(type(obj))
            return NotImplemented

    asked = []
    file = io.BytesIO()
    Ours(file, 4).dump(objects)
    assert file.getvalue() == pickle.dumps(objects, 4)
    assert type(objects[0]) in asked


def test_registered_reducers_come_first(objects, monkeypatch):
    cls = type(objects[0])
    monkeypatch.setitem(copyreg.dispatch_table, cls, lambda obj: (str, ("other",)))
    assert pickle.loads(cppickle.dumps(objects[:2])) == ["other", "other"]


def other(self, *args):
    return (str, ("other",))


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (fractions.Fraction, "__reduce__"),
        (fractions.Fraction, "__reduce_ex__"),
        (pathlib.PurePath, "__reduce__"),
        (uuid.UUID, "__reduce_ex__"),
        (Pair, "__reduce__"),
    ],
)
def test_patched_methods(cls, name, monkeypatch):
    objects = [o for many in OBJECTS.values() for o in many if isinstance(o, cls)]
    cppickle.dumps(objects)
    monkeypatch.setattr(cls, name, other, raising=False)
    assert set(pickle.loads(cppickle.dumps(objects))) == {"other"}


def test_patched_code(monkeypatch):
    objects = OBJECTS["fraction"]
    cppickle.dumps(objects)
    monkeypatch.setattr(
        fractions.Fraction.__reduce__, "__code__", (lambda self: (int, (7,))).__code__
    )
    assert pickle.loads(cppickle.dumps(objects)) == [7] * len(objects)


def test_patched_states(monkeypatch, same_bytes):
    objects = OBJECTS["uuid"]
    cppickle.dumps(objects)
    monkeypatch.setattr(uuid.UUID, "__getstate__", lambda self: {"int": 7})
    same_bytes(objects)


def test_patched_globals(monkeypatch, same_bytes):
    objects = OBJECTS["uuid"]
    cppickle.dumps(objects)
    monkeypatch.setattr(uuid, "SafeUUID", types.SimpleNamespace(unknown=None))
    same_bytes(objects)


def test_patches_between_two_objects(monkeypatch):
    class Patches:
        def __reduce__(self):
            monkeypatch.setattr(fractions.Fraction, "__reduce__", other)
            return str, ()

    half = fractions.Fraction(1, 2)
    cppickle.dumps([half, half])
    assert pickle.loads(
        cppickle.dumps([half, Patches(), fractions.Fraction(1, 3)])
    ) == [
        half,
        "",
        "other",
    ]


def test_subclasses_are_asked():
    class Loud(collections.deque):
        def __reduce__(self):
            return str, ("loud",)

    cppickle.dumps(OBJECTS["deque"])
    assert pickle.loads(cppickle.dumps([Loud([1])])) == ["loud"]


def test_numbers_of_numpy(same_bytes):
    numpy = pytest.importorskip("numpy")
    numbers = [
        numpy.dtype(code).type(i) for code in "bhilqBHILQefdgFD?" for i in (0, 1, 7)
    ]
    others = [numpy.datetime64("2020-01-01"), numpy.str_("x"), numpy.bytes_(b"x")]
    for _ in range(2):
        same_bytes(numbers * 2)
        same_bytes(others * 2)


def test_arrays_of_numpy(same_bytes):
    numpy = pytest.importorskip("numpy")
    base = numpy.arange(12.0).reshape(3, 4)
    fixed = numpy.arange(5)
    fixed.flags.writeable = False
    arrays = [numpy.arange(i, dtype="f8") for i in range(9)]
    arrays += [base, base.T, base[:, 1:2], base[::2], fixed, numpy.array(3.0)]
    arrays += [numpy.zeros((2, 0, 3)), numpy.array(["a"]), numpy.array([None, 1])]
    arrays += [numpy.arange(5, dtype=">i4"), numpy.ma.arange(3), numpy.zeros(9000)]
    for _ in range(2):
        same_bytes(arrays * 2)
        same_bytes([*zip(arrays, arrays)])
    buffers, ours = [], []
    standard = pickle.dumps(arrays, 5, buffer_callback=buffers.append)
    assert cppickle.dumps(arrays, 5, buffer_callback=ours.append) == standard
    assert [bytes(b.raw()) for b in ours] == [bytes(b.raw()) for b in buffers]
