"""Streams that no pickler has written: damaged in their bytes, or item by item."""

import contextlib
import io
import pickletools

LINES = (
    *(
        b"0",
        b"1",
        b"-1",
        b"00",
        b"01",
        b"5L",
        b"99999999999999999999",
        b"x",
        b"",
        b" 7",
    ),
    *(b"'text'", b'"text"', b"'\\xe9'", b"'", b"text", b"\\u20ac", b"1.5", b"1e999"),
    *(b"\xff", b"0x10", b"True", b"an id"),
)
NAMES = (
    *((b"builtins", b"int"), (b"__builtin__", b"int"), (b"builtins", b"nothing")),
    *((b"fuzz.loads.graphs", b"Plain"), (b"fuzz.loads.graphs", b"Sum.append")),
    *((b"copy_reg", b"_reconstructor"), (b"copyreg", b"__newobj__")),
    *((b"builtins", b"list"), (b"fuzz.loads.graphs", b"Slots"), (b"os", b"system")),
)
COUNTED = {"1": 1, "4": 4, "8": 8}


def counted(rng, width):
    """A count of so many bytes, and what it counts."""
    text = rng.choice([b"", b"a", b"text", b"\xe9", b"\xc3\xa9", b"x" * 255])
    count = len(text)
    if rng.randrange(8) == 0:
        most = 2 ** (8 * width) - 1
        count = rng.choice([min(count + 1, most), most // 2 + 1, most])
    return count.to_bytes(width, "little") + text


def argument(rng, opcode):
    name = opcode.arg.name if opcode.arg is not None else ""
    match name:
        case "":
            return b""
        case "uint1":
            return bytes([rng.choice([0, 1, 2, 3, 5, 255])])
        case "uint2" | "int4" | "uint4" | "uint8":
            width = int(name[-1])
            most = 2 ** (8 * width) - 1
            return rng.choice([0, 1, 2, 3, most, rng.randrange(300)]).to_bytes(
                width, "little"
            )
        case "float8":
            return rng.randbytes(8)
        case "stringnl_noescape_pair":
            module, text = rng.choice(NAMES)
            return module + b"\n" + text + b"\n"
        case _ if name[-1] in COUNTED:
            return counted(rng, int(name[-1]))
        case _:
            return rng.choice(LINES) + b"\n"


def item(rng):
    opcode = rng.choice(pickletools.opcodes)
    return opcode.code.encode("latin-1") + argument(rng, opcode)


def items_of(stream):
    """The stream cut where its items end; what cannot be read is the last."""
    file = io.BytesIO(stream)
    ends = [0]
    with contextlib.suppress(Exception):  # of any kind: the stream may be no pickle
        ends += (file.tell() for _ in pickletools.genops(file))
    if ends[-1] != len(stream):
        ends.append(len(stream))
    return [stream[start:end] for start, end in zip(ends, ends[1:])]


def with_other_items(rng, stream):
    items = items_of(stream) or [b""]
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(items) + 1)
        other = rng.randrange(len(items) + 1)
        match rng.randrange(5):
            case 0:
                items.insert(at, item(rng))
            case 1:
                items[at : at + 1] = [item(rng)]
            case 2:
                del items[at : at + 1]
            case 3:
                items[at:at] = items[other : other + rng.randrange(1, 4)]
            case _:
                items[at : at + 1], items[other : other + 1] = (
                    items[other : other + 1],
                    items[at : at + 1],
                )
    return b"".join(items)


def with_other_bytes(rng, stream):
    made = bytearray(stream)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(made) + 1)
        match rng.randrange(5):
            case 0:
                made[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del made[at : at + 1]
            case 2:
                made[at:at] = rng.choice(pickletools.opcodes).code.encode("latin-1")
            case 3:
                other = rng.randrange(len(made) + 1)
                made[at : at + 3] = made[other : other + 3]
            case _:
                del made[at:]
    return bytes(made)


def of_items(rng, stream):
    """Items at random, and the stream as an operand."""
    made = [item(rng) for _ in range(rng.randrange(12))]
    made.insert(rng.randrange(len(made) + 1), stream[:-1])
    return b"".join(made) + b"."


def damaged(rng, stream):
    way = rng.choice([with_other_items, with_other_items, with_other_bytes, of_items])
    return way(rng, stream)
