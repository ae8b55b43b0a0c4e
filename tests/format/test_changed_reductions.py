"""What the engine knows of reduce values is forgotten where somebody changes it."""

import builtins
import collections
import copyreg
import decimal
import fractions
import io
import pathlib
import pickle
import struct
import sys
import types
import uuid
from importlib.machinery import ModuleSpec

import pytest
from support.streams import asked

import cppickle

HOME = types.ModuleType("importable_reduced_types")
HOME.__spec__ = ModuleSpec(HOME.__name__, None)
sys.modules[HOME.__name__] = HOME


def importable(cls):
    cls.__module__ = HOME.__name__
    cls.__qualname__ = cls.__name__
    setattr(HOME, cls.__name__, cls)
    return cls


Pair = importable(collections.namedtuple("Pair", "left right"))


@importable
class Share(fractions.Fraction):
    __slots__ = ()


PAIRS = [Pair(i, str(i)) for i in range(5)]
OBJECTS = {
    "pair": PAIRS,
    "uuid": [uuid.UUID(int=i) for i in range(5)],
    "fraction": [Share(i, 7) for i in range(5)],
    "path": [pathlib.PurePosixPath("a", str(i)) for i in range(5)],
    "complex": [complex(i, -0.0) for i in range(5)],
    "decimal": [decimal.Decimal(i) for i in range(5)],
    "deque": [collections.deque([i]) for i in range(5)],
    "range": [range(i) for i in range(5)],
}


@pytest.fixture(params=OBJECTS)
def objects(request):
    objects = OBJECTS[request.param]
    for _ in range(2):
        assert cppickle.dumps(objects, 5) == pickle.dumps(objects, 5)
    return objects


def outcome(dump, obj, protocol):
    try:
        return dump(obj, protocol)
    except Exception as error:
        return type(error)


@pytest.fixture
def as_the_standard_pickler():
    """Assert that the outcome is the standard pickler's: bytes, or an error."""

    def check(obj):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            expected = outcome(pickle.dumps, obj, protocol)
            for _ in range(2):
                ours = outcome(cppickle.dumps, obj, protocol)
                assert ours == expected or issubclass(ours, expected)

    yield check
    for objects in OBJECTS.values():
        check(objects)


def calls_while(function, *args):
    """The names of the Python functions that are called meanwhile."""
    called = []

    def note(frame, event, arg):
        del arg
        if event == "call":
            called.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        function(*args)
    finally:
        sys.setprofile(None)
    return called


def knows_fractions():
    return sys.version_info >= (3, 11)  # before they answer with a text


def test_the_switch():
    pairs = [Pair(i, i) for i in range(3)]
    cppickle.dumps(pairs)
    assert not {*calls_while(cppickle.dumps, pairs)} & {"__getnewargs__"}
    assert calls_while(asked, pairs).count("__getnewargs__") == 3
    if knows_fractions():
        cppickle.dumps(OBJECTS["fraction"])
        assert "__reduce__" not in calls_while(cppickle.dumps, OBJECTS["fraction"])
        assert calls_while(asked, OBJECTS["fraction"]).count("__reduce__") == 5


def test_known_or_asked(objects):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert asked(objects, protocol) == cppickle.dumps(objects, protocol)


def doubled(self=()):
    return tuple(self) * 2


@pytest.mark.parametrize(
    "name",
    ["tuple", "complex", "dict", "str", "getattr", "map"],
)
def test_replaced_builtins(objects, name, monkeypatch, as_the_standard_pickler):
    original = getattr(builtins, name)

    class Other(original if isinstance(original, type) else object):
        def __new__(cls, *args):
            if name == "tuple":
                return original.__new__(original, [*args[0], "more"])
            return original(*args)

    importable(Other)
    monkeypatch.setattr(builtins, name, Other)
    as_the_standard_pickler(objects)
    monkeypatch.undo()


def test_shadowed_builtins(monkeypatch, as_the_standard_pickler, objects):
    del objects
    for module in (pathlib, copyreg, fractions, uuid):
        for name in ("tuple", "complex"):
            monkeypatch.setattr(module, name, doubled, raising=False)
    for many in OBJECTS.values():
        as_the_standard_pickler(many)
    monkeypatch.undo()


def test_cells_of_named_tuples(as_the_standard_pickler):
    method = Pair.__getnewargs__
    (cell,) = method.__closure__
    as_the_standard_pickler(PAIRS)
    cell.cell_contents = lambda pair: (*pair[::-1],)
    try:
        as_the_standard_pickler(PAIRS)
        as_the_standard_pickler([Pair(1, 1), Pair(2, 2), Pair(3, 4)])
    finally:
        cell.cell_contents = tuple


def make(cls, *args):
    return cls.__new__(cls, *args)


@pytest.mark.parametrize("where", ["the function", "the module"])
def test_replaced_newobj(objects, where, monkeypatch, as_the_standard_pickler):
    importable(make)
    if where == "the function":
        monkeypatch.setattr(copyreg, "__newobj__", make)
    else:
        other = types.ModuleType("copyreg")
        other.__dict__.update(vars(copyreg), __newobj__=make)
        monkeypatch.setitem(sys.modules, "copyreg", other)
    as_the_standard_pickler(objects)
    monkeypatch.undo()


def other(self, *args):
    del self, args
    return (str, ("other",))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("__reduce__", other),
        ("__reduce_ex__", other),
        ("__getstate__", lambda self: {"a": 1}),
        ("__getnewargs__", lambda self: (1, 2)),
        ("__getnewargs_ex__", lambda self: ((1, 2), {})),
        ("__iter__", lambda self: iter("ab")),
        ("__len__", lambda self: 1 / 0),
        ("__getattribute__", lambda self, name: (print(end=""), getattr(tuple, name))),
        ("__getattr__", lambda self, name: 1),
        ("__slotnames__", ["_fields"]),
        ("_numerator", property(lambda self: 7)),
        ("int", property(lambda self: 7)),
        ("_parts", property(lambda self: ["b"])),
    ],
)
@pytest.mark.parametrize("base", ["pair", "uuid", "fraction", "path"])
def test_changed_classes(base, name, value, monkeypatch, as_the_standard_pickler):
    cls = type(OBJECTS[base][0])
    derived = importable(type("Derived", (cls,), {"__slots__": ()}))
    objects = [pickle.loads(pickle.dumps(o)) for o in OBJECTS[base]]
    objects = [
        derived(o.numerator, 7)
        if base == "fraction"
        else derived(int=o.int)
        if base == "uuid"
        else derived(*o)
        if base == "pair"
        else derived(o)
        for o in objects
    ]
    as_the_standard_pickler(objects)
    setattr(derived, name, value)
    as_the_standard_pickler(objects)


def test_classes_that_tell_another(as_the_standard_pickler):
    told = importable(
        type(
            "Told",
            (fractions.Fraction,),
            {"__slots__": (), "__class__": property(lambda self: Share)},
        )
    )
    as_the_standard_pickler([told(i, 3) for i in range(4)])


def test_assigned_classes(as_the_standard_pickler):
    first = importable(type("First", (fractions.Fraction,), {"__slots__": ()}))
    second = importable(
        type("Second", (fractions.Fraction,), {"__slots__": (), "__reduce__": other})
    )
    objects = [first(i, 3) for i in range(4)]
    as_the_standard_pickler(objects)
    objects[2].__class__ = second
    as_the_standard_pickler(objects)


def test_changed_parts(as_the_standard_pickler):
    objects = [Share(i, 3) for i in range(6)]
    as_the_standard_pickler(objects)
    objects[1]._numerator = "text"
    objects[2]._denominator = objects
    del objects[3]._numerator
    as_the_standard_pickler(objects[:2])
    as_the_standard_pickler(objects[3:])
    path = pathlib.PurePosixPath("a/b")
    path.parts  # noqa: B018
    for name in ("_parts", "_raw_paths"):
        if hasattr(path, name):
            setattr(path, name, ["x", [1], "y"])
            as_the_standard_pickler([path, path])
            setattr(path, name, type("List", (list,), {})("ab"))
            as_the_standard_pickler([path, path])
            setattr(path, name, None)
            as_the_standard_pickler([path, path])


def test_a_pickler_s_own_table(objects):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        streams = []
        for cls in (pickle.Pickler, cppickle.Pickler):
            file = io.BytesIO()
            pickler = cls(file, protocol)
            pickler.dispatch_table = collections.ChainMap(
                {type(objects[0]): other}, copyreg.dispatch_table
            )
            pickler.dump(objects)
            streams.append(file.getvalue())
        assert streams[0] == streams[1]


def test_reducers_that_come_and_go(objects, monkeypatch, as_the_standard_pickler):
    cls = type(objects[0])
    monkeypatch.setitem(copyreg.dispatch_table, cls, other)
    as_the_standard_pickler(objects)
    monkeypatch.undo()
    as_the_standard_pickler(objects)
    monkeypatch.delitem(copyreg.dispatch_table, complex)
    as_the_standard_pickler(objects)
    monkeypatch.undo()


def test_overrides_by_a_hook(objects):
    def reducer_override(self, obj):
        return other(obj) if obj is objects[2] else NotImplemented

    streams = []
    for cls in (pickle.Pickler, cppickle.Pickler):
        ours = type("Ours", (cls,), {"reducer_override": reducer_override})
        file = io.BytesIO()
        ours(file, 5).dump(objects)
        streams.append(file.getvalue())
    assert streams[0] == streams[1]


def test_signs_and_payloads(same_bytes):
    (odd,) = struct.unpack("<d", bytes.fromhex("010000000000f87f"))
    (negative,) = struct.unpack("<d", bytes.fromhex("010000000000f8ff"))
    numbers = [complex(a, b) for a in (odd, -0.0, 1.0) for b in (negative, -0.0, 0.0)]
    same_bytes(numbers)
    for number in numbers:
        same_bytes([number, number])


def test_decimal_contexts(same_bytes):
    numbers = [decimal.Decimal("1e+50"), decimal.Decimal("-0"), decimal.Decimal("sNaN")]
    same_bytes(numbers)
    with decimal.localcontext() as context:
        context.capitals = 0
        same_bytes(numbers)


class Unpicklable:
    def __reduce__(self):
        raise ValueError("no")


def test_errors_name_the_same_place():
    def message(obj):
        with pytest.raises(ValueError, match="no") as caught:
            cppickle.dumps(obj)
        return str(caught.value), getattr(caught.value, "__notes__", None)

    fresh = importable(collections.namedtuple("Fresh", "a b"))
    obj = [[1, fresh(1, [Unpicklable()])]]
    before = message(obj)
    cppickle.dumps([fresh(1, 2)] * 2)
    assert message(obj) == before
    cppickle.dumps([slice(1), slice(2)])
    assert message([slice(Unpicklable())])


# --- Numpy ----------------------------------------------------------------------------


@pytest.fixture
def numpy():
    return pytest.importorskip("numpy")


@pytest.fixture
def numbers(numpy, same_bytes):
    """Scalars and arrays that have answered."""
    objects = [numpy.float64(1.5), numpy.float64(-0.0), numpy.int32(7)]
    objects += [numpy.arange(i, dtype=code) for i in range(3) for code in "dil?"]
    for _ in range(2):
        same_bytes([objects, objects[::-1]])
    return objects


@pytest.mark.parametrize("name", ["scalar", "_frombuffer", "_reconstruct"])
@pytest.mark.parametrize("where", ["multiarray", "_multiarray_umath", "numeric"])
def test_replaced_functions(
    numpy, numbers, name, where, monkeypatch, as_the_standard_pickler
):
    core = "numpy._core" if "numpy._core" in sys.modules else "numpy.core"
    module = sys.modules[f"{core}.{where}"]
    if not hasattr(module, name):
        return

    def replaced(*args):
        return args

    replaced.__name__ = replaced.__qualname__ = name
    replaced.__module__ = module.__name__
    monkeypatch.setattr(module, name, replaced)
    as_the_standard_pickler(numbers)
    as_the_standard_pickler(numbers * 2)
    monkeypatch.undo()
    as_the_standard_pickler(numbers)
    other_module = types.ModuleType(module.__name__)
    other_module.__dict__.update(vars(module), **{name: replaced})
    monkeypatch.setitem(sys.modules, module.__name__, other_module)
    as_the_standard_pickler(numbers)
    monkeypatch.undo()


def test_unusual_scalars(numpy, numbers, same_bytes):
    payload = numpy.frombuffer(bytes.fromhex("010000000000f87f"), "f8")[0]
    objects = [payload, numpy.float64("nan"), numpy.float64("-inf")]
    objects += [numpy.void(b"x" * 100_000), numpy.str_("é" * 10_000), numpy.str_("")]
    objects += [numpy.bytes_(b"x" * 100_000), numpy.bytes_(b""), numpy.bool_(True)]
    objects += [numpy.datetime64("2020-01-01"), numpy.timedelta64(5, "s")]
    objects += [numpy.zeros(1, "i4,f8")[0], numpy.longdouble(1) / 3]
    objects += [
        numpy.int8(-1),
        numpy.uint64(2**63),
        numpy.float16(1),
        numpy.clongdouble(1),
    ]

    class Derived(numpy.float64):
        pass

    objects += [importable(Derived)(2.5)]
    for _ in range(3):
        same_bytes(objects * 2)
        for obj in objects:
            same_bytes([obj, obj])
    assert len(numbers) > 2


def unusual_arrays(numpy):
    grid = numpy.arange(24.0).reshape(2, 3, 4)
    arrays = [grid, grid.T, grid.transpose(1, 0, 2), grid[:, ::2], grid[..., 0]]
    arrays += [numpy.asfortranarray(grid[0]), numpy.broadcast_to(grid[0, 0], (2, 4))]
    arrays += [numpy.zeros(3, "i4,f8"), numpy.array([[1], {2}, None], dtype=object)]
    arrays += [numpy.arange(4, dtype=code) for code in (">i4", "<i4", ">f8", "b")]
    arrays += [numpy.zeros(2, numpy.dtype("f8", metadata={"a": 1}))]
    arrays += [numpy.array(["a", "bc"]), numpy.array([b"a"]), numpy.zeros(0, "S0")]
    arrays += [numpy.array(["2020"], "M8[s]"), numpy.array([5], "m8[s]")]
    arrays += [numpy.zeros(shape) for shape in [(), 0, (0, 3), (3, 0), (1,) * 20]]
    arrays += [numpy.frombuffer(data, "u1") for data in (b"", b"a", b"ab" * 200)]
    arrays += [numpy.frombuffer(b"\0" * 9, "u1")[1:].view("f8")]
    arrays += [
        numpy.zeros(4000),
        numpy.zeros(4096),
        numpy.zeros(4097),
        numpy.zeros(9000),
    ]
    arrays += [numpy.arange(3).view(numpy.matrix), numpy.rec.array([(1, 2.0)])]
    return arrays


def test_unusual_arrays(numpy, numbers, same_bytes):
    arrays = unusual_arrays(numpy)
    for _ in range(3):
        same_bytes(arrays)
        same_bytes([numbers, arrays, arrays[::-1]])
        for array in arrays:
            same_bytes([numbers, array, array[...]])


def test_arrays_that_change(numpy, numbers, same_bytes):
    array = numpy.arange(12.0)
    for change in [
        lambda: array.resize(6, refcheck=False),
        lambda: setattr(array, "shape", (2, 3)),
        lambda: setattr(array, "strides", (8, 16)),
        lambda: setattr(array, "dtype", "i8"),
        lambda: array.setflags(write=False),
    ]:
        same_bytes([numbers, array, array])
        change()
        same_bytes([numbers, array, array])


def test_buffers_of_arrays(numpy, numbers):
    arrays = [*numbers, *unusual_arrays(numpy)[:12]]
    ours, theirs = [], []
    stream = cppickle.dumps(arrays, 5, buffer_callback=ours.append)
    assert stream == pickle.dumps(arrays, 5, buffer_callback=theirs.append)
    assert len(ours) == len(theirs) > 2


def test_known_or_asked_of_numpy(numpy, numbers):
    objects = [numbers, unusual_arrays(numpy)]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert asked(objects, protocol) == cppickle.dumps(objects, protocol)
