"""The opcodes that put a shipment in place, before those of the object.

    prelude := get (KEY eval) REDUCE (text values) REDUCE POP
    get     := builtins.getattr (sys.__dict__ 'get') REDUCE
    values  := {'s': source, 'c': components, 'p': platform}    no 'p' where none counts

They stand after PROTO, in no frame, and leave the memo alone. Protocol 3 has all of
them, and unpicklers read them whatever protocol the stream names. See `worker` for what
the text does.
"""

import struct
from collections.abc import Sequence

from . import worker

_REDUCE = b"R"
_POP = b"0"

# Name, digest and what holds the files; without that the digest has to be known.
Part = tuple[str, bytes, bytes | None]


def prelude(parts: Sequence[Part], platform: str | None) -> bytes:
    """The opcodes for these components; empty when there are none."""
    if not parts:
        return b""
    brings = any(blob is not None for _, _, blob in parts)
    text = worker.EXPRESSION if brings else worker.MISSING
    source = _bytes(worker.PACKED) if brings else _text(worker.MISSING_TEXT)
    entries = [_text("s"), source, _text("c"), _components(parts)]
    if platform is not None:
        entries += [_text("p"), _text(platform)]
    return b"".join(
        [
            _global("builtins", "getattr"),
            _pair(_global("sys", "__dict__"), _text("get")),
            _REDUCE,
            _pair(_text(worker.KEY), _global("builtins", "eval")),
            _REDUCE,
            _pair(_text(text), b"}(" + b"".join(entries) + b"u"),
            _REDUCE,
            _POP,
        ]
    )


def whole(opcodes: bytes) -> bytes:
    """A stream that puts a shipment in place and holds None."""
    return b"\x80\x03" + opcodes + b"N."


def _components(parts: Sequence[Part]) -> bytes:
    items = [
        _text(name)
        + _bytes(digest)
        + (b"N" if blob is None else _bytes(blob))
        + b"\x87"
        for name, digest, blob in parts
    ]
    return b"(" + b"".join(items) + b"t"


def _pair(first: bytes, second: bytes) -> bytes:
    return first + second + b"\x86"


def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _text(text: str) -> bytes:
    data = text.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def _bytes(data: bytes) -> bytes:
    if len(data) < 256:
        return b"C" + bytes([len(data)]) + data
    return b"B" + struct.pack("<I", len(data)) + data
