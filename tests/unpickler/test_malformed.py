"""Streams that nobody would write: deep ones, huge claims, keys without end."""

import pickle
import subprocess
import sys

import pytest

import cppickle

MILLION = 1_000_000

DEEP = {
    "lists": b"]" * (MILLION + 1) + b"a" * MILLION,
    "tuples": b")" + b"\x85" * MILLION,
    "dicts": b"}N" * MILLION + b"N" + b"s" * MILLION,
    "frozensets": b"(" * (MILLION + 1) + b"\x91" * (MILLION + 1),
    "instances": b"ctypes\nSimpleNamespace\nq\x000"
    + b"h\x00)R}X\x01\x00\x00\x00x" * MILLION
    + b"N"
    + b"sb" * MILLION,
}

LOAD = """
import gc, io, sys
import cppickle

def inside(value):
    if hasattr(value, "__dict__"):
        value = vars(value)
    return next(iter(value.values() if type(value) is dict else value))

stream = sys.stdin.buffer.read()
for load in cppickle.loads, lambda stream: cppickle.load(io.BytesIO(stream)):
    value = inner = load(stream)
    gc.collect()
    depth = 0
    while inner not in (None, [], (), frozenset()):
        inner = inside(inner)
        depth += 1
    print(depth)
    del value, inner
    gc.collect()
"""

# Peak memory counts, and the interpreter's own is about 30 MB.
REFUSE = """
import resource, sys
import cppickle

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print(cppickle.loads(sys.stdin.buffer.read()))
except Exception as error:
    print(type(error).__name__)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert grown < 20_000, grown
"""


def answer(program, stream):
    """What a child prints, to which the stream is given."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program],
        input=stream,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return done.stdout.decode().split()


@pytest.mark.parametrize("kind", DEEP)
def test_a_million_deep(kind):
    assert answer(LOAD, DEEP[kind] + b".") == [str(MILLION)] * 2


@pytest.mark.parametrize("kind", DEEP)
def test_a_million_deep_and_cut_off(kind):
    program = REFUSE.replace("20_000", "400_000")
    assert answer(program, DEEP[kind]) == ["EOFError"]


@pytest.mark.parametrize(
    "put",
    [
        b"r\x00\x00\x00\x80",
        b"r\xff\xff\xff\xff",
        b"p2147483648\n",
        b"p9223372036854775807\n",
        b"q\x00r\x00\x00\x00\x80" * 1000,
    ],
    ids=["2**31", "2**32 - 1", "text", "most", "dense and sparse"],
)
def test_far_places_of_the_memo_take_no_memory(put):
    get = put[-5:] if put[-5:-4] == b"r" else put
    get = get.replace(b"r", b"j").replace(b"p", b"g")
    assert answer(REFUSE, b"]" + put + b"0" + get + b".") == ["[]"]


def test_memo_places_may_be_in_any_order():
    indices = [5, 2**31, 0, 200, 64, 1000, 63, 2**31, 129, 5, 2**32 - 1]
    puts = b"".join(
        b"X\x01\x00\x00\x00" + bytes([65 + n]) + b"r" + index.to_bytes(4, "little")
        for n, index in enumerate(indices)
    )
    gets = b"".join(b"j" + index.to_bytes(4, "little") for index in indices)
    stream = puts + b"(" + gets + b"l."
    last = {index: chr(65 + n) for n, index in enumerate(indices)}
    assert cppickle.loads(stream) == [last[index] for index in indices]
    # MEMOIZE takes the number of what is there.
    stream = (
        puts + b"X\x01\x00\x00\x00!\x94" + b"0h" + bytes([len(set(indices))]) + b"."
    )
    assert cppickle.loads(stream) == "!"


@pytest.mark.parametrize(
    "stream",
    [
        b"(" * 100 + b"\x8e" + (2**40).to_bytes(8, "little") + b"x",
        b"T\xff\xff\xff\x7fx",
        b"\x8b\xff\xff\xff\x7fx",
        b"\x8d" + (2**63 - 1).to_bytes(8, "little") + b"x",
        b"\x96" + (2**62).to_bytes(8, "little") + b"x",
        b"\x95" + (2**62).to_bytes(8, "little") + b"x",
    ],
)
def test_claims_of_size_take_no_memory(stream):
    assert answer(REFUSE, stream) == ["UnpicklingError"]


def nested_key(levels, items):
    """A tuple of so many levels, each of which holds the one below once or twice."""
    return b")" + (b"2\x86" if items == 2 else b"\x85") * levels


@pytest.mark.parametrize("items", [1, 2])
@pytest.mark.parametrize(
    "form",
    [b"}%bNs.", b"}(%bNu.", b"(%bNd.", b"\x8f(%b\x90.", b"(%b\x91."],
    ids=["SETITEM", "SETITEMS", "DICT", "ADDITEMS", "FROZENSET"],
)
def test_keys_that_are_too_deep(form, items):
    # Shared tuples keep their hash from 3.14 on; before, nobody could wait for it.
    for levels in (100_000, 3000, 200):
        is_refused = levels > 2000 or (items == 2 and sys.version_info < (3, 14))
        stream = form % nested_key(levels, items)
        if is_refused:
            with pytest.raises(RecursionError):
                cppickle.loads(stream)
        else:
            assert len(cppickle.loads(stream)) == 1


def test_keys_that_are_shared_and_small():
    stream = b"}" + nested_key(12, 2) + b"Ns."
    assert cppickle.loads(stream) == pickle.loads(stream)
