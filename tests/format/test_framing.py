"""Frames: the same boundaries as the standard pickler, in memory and to a file."""

import io
import pickle
import pickletools

import pytest

import cppickle

FRAME = 64 * 1024
FRAMED = [4, 5]


class Tape:
    """A file that keeps what it was given, write by write."""

    def __init__(self):
        self.writes = []

    def write(self, data):
        self.writes.append(bytes(data))
        return len(data)


def dumped_to_file(module, obj, protocol):
    tape = Tape()
    module.Pickler(tape, protocol).dump(obj)
    return tape.writes


def same_everywhere(obj, protocol):
    expected = pickle.dumps(obj, protocol)
    assert cppickle.dumps(obj, protocol) == expected
    file = io.BytesIO()
    cppickle.dump(obj, file, protocol)
    theirs = dumped_to_file(pickle, obj, protocol)
    assert file.getvalue() == b"".join(theirs)
    assert b"".join(dumped_to_file(cppickle, obj, protocol)) == b"".join(theirs)


@pytest.mark.parametrize("protocol", FRAMED)
@pytest.mark.parametrize("delta", range(-12, 13))
def test_around_the_frame_border(protocol, delta):
    for unit in (b"x", "x"):
        same_everywhere([unit * (FRAME + delta), 1], protocol)
        same_everywhere([unit * (FRAME // 2 + delta), unit * (FRAME // 2), 1], protocol)


@pytest.mark.parametrize("protocol", FRAMED)
def test_many_small_objects_fill_many_frames(protocol):
    same_everywhere([f"item {n}" for n in range(50_000)], protocol)
    same_everywhere(list(range(100_000)), protocol)
    same_everywhere({n: str(n) for n in range(30_000)}, protocol)


@pytest.mark.parametrize("protocol", FRAMED)
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_large_bytes_stand_outside_frames(protocol, kind):
    large = kind(b"x" * (3 * FRAME))
    same_everywhere(large, protocol)
    same_everywhere([1, large, 2, large, kind(b"y" * FRAME), 3], protocol)


@pytest.mark.parametrize("protocol", FRAMED)
def test_large_strings_stand_outside_frames(protocol):
    same_everywhere(["é" * FRAME, 1, "x" * FRAME, "🐍" * FRAME], protocol)


@pytest.mark.parametrize("protocol", FRAMED)
@pytest.mark.parametrize("size", range(5))
def test_the_smallest_streams_have_no_frame(protocol, size):
    same_everywhere(list(range(size)), protocol)
    same_everywhere("x" * size, protocol)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3])
def test_no_frames_before_protocol_4(protocol):
    same_everywhere([b"x" * 3 * FRAME, "y" * 3 * FRAME, list(range(30_000))], protocol)


def test_large_bytes_reach_the_file_as_they_are():
    large = b"x" * (4 * FRAME)

    class Keeper(Tape):
        def write(self, data):
            self.writes.append(data)
            return len(data)

    tape = Keeper()
    cppickle.dump([large], tape)
    assert any(data is large for data in tape.writes)


def test_a_long_stream_reaches_the_file_in_pieces():
    writes = dumped_to_file(cppickle, ["x" * 1000] + list(range(200_000)), 5)
    assert len(writes) > 5
    assert max(map(len, writes)) < 4 * FRAME


@pytest.mark.parametrize("protocol", FRAMED)
def test_frames_tell_their_length(protocol):
    stream = cppickle.dumps([str(n) for n in range(60_000)], protocol)
    frames = [
        (position, length)
        for op, length, position in pickletools.genops(stream)
        if op.name == "FRAME"
    ]
    assert len(frames) > 3
    for (start, length), (following, _) in zip(frames, frames[1:]):
        assert start + 9 + length == following


class Reduced:
    def __init__(self, *args):
        self.args = args

    def __reduce__(self):
        return Reduced, self.args


@pytest.mark.parametrize("protocol", FRAMED)
@pytest.mark.parametrize("unit", ["x" * 300, "é" * 300, b"x" * 200])
def test_frames_end_between_the_arguments_of_an_object(protocol, unit):
    for fill in range(0, 1000, 91):
        objects = [Reduced(unit + unit[:i], i, unit[i:]) for i in range(150)]
        same_everywhere(["y" * fill, *objects], protocol)
