"""A pickler's life: construction, files, subclassing, re-entry, garbage collection."""

import gc
import inspect
import io
import pickle
import threading
import weakref

import pytest

import cppickle


class Tape:
    def __init__(self):
        self.writes = []

    def write(self, data):
        self.writes.append(bytes(data))

    @property
    def stream(self):
        return b"".join(self.writes)


def test_any_object_with_write_is_a_file():
    tape = Tape()
    cppickle.dump([1, "two"], tape)
    assert pickle.loads(tape.stream) == [1, "two"]


def test_a_real_file(tmp_path):
    path = tmp_path / "stream"
    with path.open("wb") as file:
        cppickle.dump([1, "two"], file)
    with path.open("rb") as file:
        assert cppickle.load(file) == [1, "two"]


def test_loads_is_the_other_half():
    assert cppickle.loads(cppickle.dumps({"a": [1]})) == {"a": [1]}


@pytest.mark.parametrize("file", [None, 5, object()], ids=lambda f: type(f).__name__)
def test_a_file_without_write_is_refused(file):
    with pytest.raises(TypeError, match="write"):
        cppickle.Pickler(file)
    with pytest.raises(TypeError, match="write"):
        cppickle.dump([], file)


class Full:
    def __init__(self, room):
        self.room = room

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("room", [0, 5, 70_000, 250_000])
def test_a_write_that_raises(room):
    large = ["x" * 90_000, "y" * 90_000, "z" * 90_000, b"b" * 99_999]
    with pytest.raises(OSError) as caught:
        cppickle.dump(large, Full(room))
    assert caught.value.errno == 28


def test_a_pickler_is_usable_after_a_failed_dump():
    tape = Tape()
    pickler = cppickle.Pickler(tape, 5)
    with pytest.raises(TypeError):
        pickler.dump(["lost", threading.Lock()])
    tape.writes.clear()
    pickler.clear_memo()
    pickler.dump(["kept"])
    assert pickle.loads(tape.stream) == ["kept"]


def test_the_signatures_are_cloudpickle_s():
    """But for options, which go by name alone."""
    wanted = {
        cppickle.dumps: ["obj", "protocol", "buffer_callback"],
        cppickle.dump: ["obj", "file", "protocol", "buffer_callback"],
    }
    for function, names in wanted.items():
        parameters = inspect.signature(function).parameters.values()
        assert names == [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
    assert pickle.loads(cppickle.dumps([1], 4)) == [1]
    assert pickle.loads(cppickle.dumps([1], 4, None)) == [1]
    assert pickle.loads(cppickle.dumps(obj=[1], protocol=4, buffer_callback=None)) == [
        1
    ]


def test_both_names_of_the_pickler():
    assert issubclass(cppickle.CloudPickler, cppickle.Pickler)
    assert issubclass(cppickle.Pickler, cppickle.CloudPickler)


def test_the_public_names():
    assert cppickle.DEFAULT_PROTOCOL == pickle.HIGHEST_PROTOCOL
    assert tuple(map(int, cppickle.__version__.split(".")[:2])) >= (3, 0)


def uninitialised():
    return cppickle.Pickler.__new__(cppickle.Pickler)


class ForgetsInit(cppickle.Pickler):
    def __init__(self, file):
        pass


@pytest.mark.parametrize("make", [uninitialised, lambda: ForgetsInit(io.BytesIO())])
def test_a_pickler_without_init(make):
    with pytest.raises(pickle.PicklingError, match="__init__"):
        make().dump([1])


def test_clear_memo_without_init():
    uninitialised().clear_memo()


def test_init_twice_starts_afresh():
    first, second = Tape(), Tape()
    pickler = cppickle.Pickler(first, 5)
    obj = ["text"]
    pickler.dump(obj)
    pickler.__init__(second, 5)
    pickler.dump(obj)
    assert first.stream == second.stream


def test_dump_wants_one_argument():
    pickler = cppickle.Pickler(io.BytesIO())
    with pytest.raises(TypeError):
        pickler.dump()
    with pytest.raises(TypeError):
        pickler.dump(1, 2)


def test_dump_returns_none():
    assert cppickle.Pickler(io.BytesIO()).dump(1) is None
    assert cppickle.dump(1, io.BytesIO()) is None


def test_attributes_of_a_subclass():
    class Pickler(cppickle.Pickler):
        colour = "red"

        def __init__(self, file, note):
            super().__init__(file, protocol=4)
            self.note = note

    file = io.BytesIO()
    pickler = Pickler(file, "hello")
    pickler.dump([1])
    assert (pickler.note, pickler.colour) == ("hello", "red")
    assert file.getvalue() == pickle.dumps([1], 4)


def test_a_subclass_may_override_dump():
    class Pickler(cppickle.Pickler):
        def dump(self, obj):
            return super().dump(["wrapped", obj])

    file = io.BytesIO()
    Pickler(file).dump(1)
    assert pickle.loads(file.getvalue()) == ["wrapped", 1]


class Meddler:
    """Calls back into the pickler that is saving it."""

    def __init__(self, act):
        self.act = act

    def __reduce__(self):
        self.act()
        return str, ("meddler",)


def test_dumping_something_else_on_the_way():
    inner = []
    obj = [1, Meddler(lambda: inner.append(cppickle.dumps({"inner": [1]}))), 2]
    assert pickle.loads(cppickle.dumps(obj)) == [1, "meddler", 2]
    assert pickle.loads(inner[0]) == {"inner": [1]}


def test_a_cycle_through_the_pickler_is_collected():
    class Pickler(cppickle.Pickler):
        pass

    tape = Tape()
    pickler = Pickler(tape)
    tape.pickler = pickler
    pickler.dispatch_table = {Tape: lambda t: (str, ()), "me": pickler}
    pickler.dump([tape])
    gone = weakref.ref(pickler)
    del pickler, tape
    gc.collect()
    assert gone() is None


def test_a_memo_that_holds_the_pickler_is_collected():
    class Pickler(cppickle.Pickler):
        def reducer_override(self, obj):
            return (str, ()) if obj is self else NotImplemented

    pickler = Pickler(Tape())
    pickler.dump([pickler])
    gone = weakref.ref(pickler)
    del pickler
    gc.collect()
    assert gone() is None


def test_picklers_cannot_be_pickled():
    with pytest.raises(TypeError):
        cppickle.dumps(cppickle.Pickler(io.BytesIO()))
