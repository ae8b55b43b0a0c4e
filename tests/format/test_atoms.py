"""Plain values give the standard pickler's bytes at every protocol."""

import pickle
import random

import pytest

import cppickle

POWERS = [2**n for n in (7, 8, 15, 16, 31, 32, 63, 64, 127, 128)]
LONG1_LIMIT = 2 ** (8 * 255)  # the largest LONG1 has 255 bytes
INTS = sorted(
    {
        sign * (p + d)
        for p in [*POWERS, LONG1_LIMIT]
        for d in (-1, 0, 1)
        for sign in (1, -1)
    }
    | {sign * LONG1_LIMIT // 2 + d for d in (-1, 0, 1) for sign in (1, -1)}
    | {0, 1, -1, 10, 255, 256, 257, 65535, 65536, 10**1000, -(10**1000)}
)

FLOATS = [0.0, -0.0, 1.0, -1.5, 1e300, 5e-324, 0.1, 1e16, 123456789.123456789]
SPECIAL_FLOATS = [float("inf"), float("-inf"), float("nan")]

STRINGS = {
    "empty": "",
    "ascii": "spam",
    "latin1": "é\xff\x80",
    "two bytes": "π" * 3,
    "four bytes": "𐍈🐍",
    "lone high surrogate": "\ud800",
    "lone low surrogate": "a\udfffb",
    "reversed pair": "\udc00\ud800",
    "nul": "a\0b",
    "newlines": "a\nb\rc\x1ad",
    "backslashes": "\\ \\u1234 \\n",
    "escapes of protocol 0": "\\\n\0\r\x1a\xe9\u20ac\U0001f40d",
    "255 bytes": "a" * 255,
    "256 bytes": "a" * 256,
    "255 bytes of two-byte letters": "a" + "é" * 127,
    "256 bytes of two-byte letters": "é" * 128,
    "257 bytes of two-byte letters": "é" * 128 + "a",
    "64 KiB": "a" * (1 << 16),
    "70,000 wide letters": "🐍" * 70_000,
}

BYTES = {
    "empty": b"",
    "short": b"spam",
    "high": b"\x00\x80\xff",
    "newline": b"\n'\"\\",
    "255": b"a" * 255,
    "256": b"a" * 256,
    "65535": b"a" * 65535,
    "65536": b"a" * 65536,
    "200,000": bytes(range(250)) * 800,
}


@pytest.mark.parametrize("value", INTS, ids=lambda i: f"{i.bit_length()} bits")
def test_ints_at_every_opcode_boundary(same_bytes, value):
    same_bytes(value)


def test_an_int_of_a_megabit(same_bytes):
    same_bytes(1 << 1_000_000, protocols=range(2, 6))
    same_bytes(-(1 << 1_000_000), protocols=range(2, 6))


def test_random_ints_of_every_length(same_bytes):
    numbers = random.Random(3)
    same_bytes([numbers.randrange(-(1 << n), 1 << n) for n in range(1, 600)])


@pytest.mark.parametrize("value", FLOATS + SPECIAL_FLOATS, ids=repr)
def test_floats(same_bytes, value):
    same_bytes(value)


@pytest.mark.parametrize(
    "value", [None, True, False, Ellipsis, NotImplemented], ids=repr
)
def test_singletons(same_bytes, roundtrip, value):
    same_bytes(value)
    assert roundtrip(value) is value


@pytest.mark.parametrize("singleton", [None, NotImplemented, Ellipsis], ids=repr)
def test_types_of_singletons(same_bytes, roundtrip, singleton):
    same_bytes(type(singleton))
    assert roundtrip(type(singleton)) is type(singleton)


@pytest.mark.parametrize("value", [1j, complex(-0.0, float("inf"))], ids=repr)
def test_complex_numbers(same_bytes, value):
    same_bytes(value)


@pytest.mark.parametrize("value", STRINGS.values(), ids=STRINGS)
def test_strings(same_bytes, roundtrip, value):
    same_bytes(value)
    assert roundtrip(value) == value
    assert roundtrip(value, 0) == value


@pytest.mark.parametrize("value", BYTES.values(), ids=BYTES)
def test_bytes(same_bytes, roundtrip, value):
    same_bytes(value)
    assert roundtrip(value) == value


@pytest.mark.parametrize("value", BYTES.values(), ids=BYTES)
def test_bytearrays(same_bytes, roundtrip, value):
    same_bytes(bytearray(value))
    assert roundtrip(bytearray(value)) == bytearray(value)


def test_shared_atoms_are_memoized_once(same_bytes):
    text, data, buffer = "x" * 10, b"y" * 10, bytearray(b"z")
    same_bytes([text, text, data, data, buffer, buffer, b"", b"", "", ""])


def test_equal_atoms_that_are_not_the_same_stay_apart(same_bytes):
    same_bytes(["".join(["sp", "am"]) for _ in range(3)])


def test_a_shared_bytearray_stays_shared(roundtrip):
    buffer = bytearray(b"abc")
    first, second = roundtrip([buffer, buffer])
    assert first is second


class Text(str):
    pass


class Number(int):
    pass


class Real(float):
    pass


class Data(bytes):
    pass


@pytest.mark.parametrize(
    "value",
    [Text("a"), Number(3), Real(1.5), Data(b"abc")],
    ids=lambda v: type(v).__name__,
)
def test_subclasses_of_atoms(same_bytes, roundtrip, value):
    value.note = "with state"
    same_bytes(value)
    again = roundtrip(value)
    assert (type(again), again, again.note) == (type(value), value, "with state")


@pytest.mark.parametrize("protocol", [-1, -5])
def test_a_negative_protocol_is_the_highest(protocol):
    assert cppickle.dumps([1], protocol) == pickle.dumps([1], pickle.HIGHEST_PROTOCOL)


def test_the_default_protocol_is_the_constant():
    assert cppickle.dumps([1]) == pickle.dumps([1], cppickle.DEFAULT_PROTOCOL)


@pytest.mark.parametrize("protocol", [6, 100])
def test_an_unknown_protocol_is_refused(protocol):
    with pytest.raises(ValueError, match="protocol must be <="):
        cppickle.dumps([1], protocol)


@pytest.mark.parametrize("protocol", ["5", 5.0, [5]])
def test_a_protocol_that_is_no_int_is_refused(protocol):
    with pytest.raises(TypeError):
        cppickle.dumps([1], protocol)
