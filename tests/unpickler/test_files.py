"""Files that streams are loaded from, and where they stand afterwards."""

import gc
import io
import pickle
import sys

import pytest

import cppickle

VALUES = [1, "text", [1, 2, {"a": b"bytes"}], b"x" * 100_000, bytearray(3), 2.5]


class OnlyReads:
    """A file with no more than read() and readline()."""

    def __init__(self, content):
        self._file = io.BytesIO(content)
        self.read = self._file.read
        self.readline = self._file.readline


class Peeks(OnlyReads):
    """Its peek() answers as many bytes as it likes to."""

    def __init__(self, content, most):
        super().__init__(content)
        self._most = most

    def peek(self, size):
        at = self._file.tell()
        return self._file.getvalue()[at : at + self._most]


class RefusesToPeek(OnlyReads):
    def peek(self, size):
        raise NotImplementedError


FILES = {
    "BytesIO": io.BytesIO,
    "only reads": OnlyReads,
    "buffered": lambda content: io.BufferedReader(io.BytesIO(content)),
    "small buffer": lambda content: io.BufferedReader(io.BytesIO(content), 16),
    "peeks a byte": lambda content: Peeks(content, 1),
    "peeks all": lambda content: Peeks(content, 1 << 30),
    "refuses to peek": RefusesToPeek,
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_file_stands_behind_what_was_loaded(file, protocol):
    content = b"".join(pickle.dumps(value, protocol) for value in VALUES) + b"rest"
    for load in (cppickle.load, None):
        opened = file(content)
        unpickler = cppickle.Unpickler(opened)
        for value in VALUES:
            assert (load(opened) if load else unpickler.load()) == value
        assert opened.read() == b"rest"


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_every_cut_of_a_stream_is_an_error(file):
    for protocol in range(6):
        stream = pickle.dumps([1, "text", {"a": 2.5, b"b": (None, 2**70)}], protocol)
        for end in range(len(stream)):
            with pytest.raises((EOFError, pickle.UnpicklingError)):
                cppickle.load(file(stream[:end]))
            with pytest.raises((EOFError, pickle.UnpicklingError)):
                cppickle.loads(stream[:end])


def test_frames_end_in_files_as_in_memory():
    def outcome(load, stream):
        try:
            return load(stream)
        except Exception as error:
            return type(error), str(error)

    body = pickle.dumps(["text", 1000, b"bytes"], 4)[11:]
    for length in range(len(body)):
        stream = b"\x80\x04\x95" + length.to_bytes(8, "little") + body
        loaded = outcome(cppickle.loads, stream)
        assert loaded == outcome(pickle.loads, stream)
        if sys.version_info < (3, 14):
            assert loaded == ["text", 1000, b"bytes"]
        for file in FILES.values():
            assert outcome(cppickle.load, file(stream)) == loaded


def test_a_claim_of_size_is_not_believed():
    for opcode in (b"\x8e", b"\x8d", b"\x96", b"\x95"):
        for size in (2**31, 2**40, 2**62):
            stream = opcode + size.to_bytes(8, "little") + b"x" * 20
            asked = []

            class File(OnlyReads):
                def __init__(self, content):
                    super().__init__(content)
                    read = self.read

                    def counting(size):
                        asked.append(size)
                        return read(size)

                    self.read = counting

            with pytest.raises((pickle.UnpicklingError, OverflowError)):
                cppickle.loads(stream)
            with pytest.raises((pickle.UnpicklingError, OverflowError)):
                cppickle.load(File(stream))
            assert max(asked) <= 16 << 20


def test_bytes_of_many_reads():
    value = bytes(range(256)) * (80 << 12)
    stream = pickle.dumps([value, bytearray(value)], 5)
    for file in FILES.values():
        assert cppickle.load(file(stream)) == [value, bytearray(value)]


def test_readinto_that_keeps_its_view():
    class Keeps(OnlyReads):
        kept = []

        def readinto(self, view):
            self.kept.append(view)
            data = self.read(len(view))
            view[: len(data)] = data
            return len(data)

    assert cppickle.load(Keeps(pickle.dumps(b"x" * 100_000, 5))) == b"x" * 100_000
    with pytest.raises(ValueError):
        Keeps.kept[0][0]

    class KeepsAnExport(Keeps):
        kept = []

        def readinto(self, view):
            self.kept.append(memoryview(view))
            return super().readinto(view)

    stream = pickle.dumps(b"y" * 100_000, 5)
    assert cppickle.load(KeepsAnExport(stream)) == b"y" * 100_000
    assert KeepsAnExport.kept[0][0] == ord("y")


@pytest.mark.parametrize(
    "answer",
    [None, "text", 5, b"", bytearray(b"N."), memoryview(b"N.")],
    ids=["None", "str", "int", "empty", "bytearray", "memoryview"],
)
def test_what_read_answers(answer):
    def outcome(unpickler):
        file = OnlyReads(b"")
        file.read = lambda size: answer
        try:
            return unpickler(file).load()
        except Exception as error:
            return type(error), str(error)

    assert outcome(cppickle.Unpickler) == outcome(pickle.Unpickler)


class Watches:
    """Calls `watch` whenever one of its methods runs."""

    def __init__(self, content, watch):
        self._file = io.BufferedReader(io.BytesIO(content), 16)
        self._watch = watch

    def __getattr__(self, name):
        method = getattr(self._file, name)

        def watched(*arguments):
            self._watch()
            return method(*arguments)

        return watched


@pytest.mark.parametrize("protocol", range(6))
def test_the_collector_runs_while_a_file_waits(protocol):
    """A file may block for long, and other threads make garbage meanwhile."""
    content = pickle.dumps(VALUES, protocol)
    seen = []
    watch = Watches(content, lambda: seen.append(gc.isenabled()))
    assert cppickle.load(watch) == VALUES
    assert set(seen) == {True}
    assert gc.isenabled()


def test_a_file_that_stops_the_collector_is_left_alone():
    try:
        assert cppickle.load(Watches(pickle.dumps(VALUES), gc.disable)) == VALUES
        assert not gc.isenabled()
    finally:
        gc.enable()
