"""PickleBuffer: in-band, out-of-band, and refused where the format cannot."""

import io
import pickle

import pytest

import cppickle


class ZeroCopy(bytearray):
    """Gives its bytes as a buffer, in-band or out-of-band as the caller likes."""

    def __reduce_ex__(self, protocol):
        if protocol >= 5:
            return type(self)._rebuild, (pickle.PickleBuffer(self),)
        return type(self)._rebuild, (bytes(self),)

    @classmethod
    def _rebuild(cls, data):
        with memoryview(data) as view:
            return view.obj if type(view.obj) is cls else cls(data)


READ_ONLY = pickle.PickleBuffer(b"read only")
WRITABLE = pickle.PickleBuffer(bytearray(b"writable"))


def with_callback(module, obj, callback, protocol=5):
    return module.dumps(obj, protocol, buffer_callback=callback)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 70_000])
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_in_band(same_bytes, roundtrip, kind, size):
    buffer = pickle.PickleBuffer(kind(size))
    same_bytes(buffer, [5])
    assert roundtrip(buffer) == kind(size)


def test_a_shared_buffer_in_band(same_bytes):
    same_bytes([READ_ONLY, READ_ONLY, WRITABLE, WRITABLE], [5])


@pytest.mark.parametrize("truthy", [True, 1, "yes", [0]])
def test_a_truthy_answer_keeps_it_in_band(truthy):
    stream = with_callback(cppickle, [WRITABLE, READ_ONLY], lambda b: truthy)
    assert stream == pickle.dumps([WRITABLE, READ_ONLY], 5)


@pytest.mark.parametrize("falsy", [False, None, 0, ""])
def test_a_falsy_answer_takes_it_out_of_band(falsy):
    ours, theirs = [], []
    obj = [WRITABLE, READ_ONLY, WRITABLE]
    stream = with_callback(cppickle, obj, lambda b: ours.append(b) or falsy)
    assert stream == with_callback(pickle, obj, lambda b: theirs.append(b) or falsy)
    assert all(type(b) is pickle.PickleBuffer for b in ours)
    assert list(map(id, ours)) == list(map(id, theirs))
    first, second, third = pickle.loads(stream, buffers=ours)
    assert bytes(first) == bytes(third) == b"writable"
    assert memoryview(second).readonly


def test_mixed_answers():
    answers = iter([True, False, True, False])
    obj = [pickle.PickleBuffer(bytearray(b"%d" % n)) for n in range(4)]
    kept = []

    def choose(buffer):
        inside = next(answers)
        if not inside:
            kept.append(buffer)
        return inside

    stream = with_callback(cppickle, obj, choose)
    assert len(kept) == 2
    assert [bytes(b) for b in pickle.loads(stream, buffers=kept)] == [
        b"0",
        b"1",
        b"2",
        b"3",
    ]


def test_out_of_band_is_without_a_copy():
    original = ZeroCopy(b"a" * 1000)
    kept = []
    stream = with_callback(cppickle, original, kept.append)
    assert len(stream) < 300
    assert pickle.loads(stream, buffers=kept) is original


@pytest.mark.parametrize("protocol", range(6))
def test_a_class_that_offers_both(roundtrip, same_bytes, protocol):
    original = ZeroCopy(b"abc")
    same_bytes(original, [protocol])
    assert roundtrip(original, protocol) == original


def test_the_keyword_reaches_every_way_in():
    for dump in (
        lambda callback: cppickle.dumps(WRITABLE, buffer_callback=callback),
        lambda callback: cppickle.dump(
            WRITABLE, io.BytesIO(), buffer_callback=callback
        ),
        lambda callback: cppickle.Pickler(io.BytesIO(), buffer_callback=callback).dump(
            WRITABLE
        ),
        lambda callback: cppickle.Pickler(io.BytesIO(), None, callback).dump(WRITABLE),
    ):
        kept = []
        dump(kept.append)
        assert kept == [WRITABLE]


@pytest.mark.parametrize("protocol", range(5))
def test_a_buffer_before_protocol_5_is_refused(protocol):
    with pytest.raises(pickle.PicklingError, match="protocol >= 5|protocol 5"):
        cppickle.dumps(WRITABLE, protocol)


@pytest.mark.parametrize("protocol", range(5))
def test_a_callback_before_protocol_5_is_refused(protocol):
    with pytest.raises(ValueError, match="protocol"):
        cppickle.dumps([], protocol, buffer_callback=print)


def test_a_buffer_that_is_not_contiguous_is_refused():
    strided = pickle.PickleBuffer(memoryview(bytes(10))[::2])
    with pytest.raises(pickle.PicklingError, match="contiguous"):
        cppickle.dumps(strided)
    with pytest.raises(pickle.PicklingError, match="contiguous"):
        with_callback(cppickle, strided, lambda b: None)


def test_a_released_buffer_is_refused():
    buffer = pickle.PickleBuffer(b"gone")
    buffer.release()
    with pytest.raises(ValueError, match="released"):
        cppickle.dumps(buffer)
    with pytest.raises(ValueError, match="released"):
        with_callback(cppickle, buffer, lambda b: True)


@pytest.mark.parametrize("size", [20, 200_000])
def test_a_buffer_that_its_callback_releases(size):
    buffer = pickle.PickleBuffer(bytearray(b"x" * size))

    def release(taken):
        taken.release()
        return True

    file = io.BytesIO()
    cppickle.Pickler(file, 5, release).dump(buffer)
    assert pickle.loads(file.getvalue()) == b"x" * size


def test_a_callback_that_raises():
    def refuse(buffer):
        raise LookupError("no room")

    with pytest.raises(LookupError, match="no room"):
        with_callback(cppickle, [WRITABLE], refuse)


def test_a_callback_that_is_not_callable():
    with pytest.raises(TypeError):
        with_callback(cppickle, [WRITABLE], 5)


def test_the_buffer_is_released_after_the_dump():
    data = bytearray(b"abc")
    cppickle.dumps(pickle.PickleBuffer(data))
    data.append(1)  # would be a BufferError if a view were left open
