"""Streams that no cache has written; reading streams: their globals and opcodes."""

import io
import pickletools

import cppickle

STRINGS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}


class Hooked(cppickle.Pickler):
    """Asks about every object, so nothing is recorded and nothing repeated."""

    def reducer_override(self, obj):
        return NotImplemented


def written_out(*objects, protocol=None, **options):
    """The streams of objects, one after the other, from no cache."""
    file = io.BytesIO()
    pickler = Hooked(file, protocol, **options)
    for obj in objects:
        pickler.dump(obj)
    return file.getvalue()


class Asking(cppickle.Pickler):
    """Asks each object how it is reduced: with persistent ids there are no plans."""

    def persistent_id(self, obj):
        return None


def asked(obj, protocol=None):
    """The stream of an object, in which nothing is known beforehand."""
    file = io.BytesIO()
    Asking(file, protocol).dump(obj)
    return file.getvalue()


def repeat(obj, protocol=None, **options):
    """Dump until it is repeated, and see to it that all streams are right."""
    expected = written_out(obj, protocol=protocol, **options)
    for _ in range(4):
        assert cppickle.dumps(obj, protocol, **options) == expected
    return expected


def opcodes(stream):
    """The (name, argument) pairs of `stream`."""
    return [(op.name, argument) for op, argument, _ in pickletools.genops(stream)]


def globals_named(stream):
    """The set of "module name" that loading `stream` looks up."""
    found, strings, memo, last = set(), [], [], None
    for name, argument in opcodes(stream):
        if name in STRINGS:
            strings.append(argument)
        elif name == "MEMOIZE":
            memo.append(strings[-1] if last in STRINGS else None)
        elif name in ("BINGET", "LONG_BINGET") and memo[argument] is not None:
            strings.append(memo[argument])
        elif name == "STACK_GLOBAL":
            found.add(f"{strings[-2]} {strings[-1]}")
        elif name == "GLOBAL":
            found.add(argument)
        last = name
    return found


def modules_named(stream):
    """The modules whose globals loading `stream` looks up."""
    return {entry.partition(" ")[0] for entry in globals_named(stream)}
