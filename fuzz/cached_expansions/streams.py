"""Streams that are written out, and when two streams say the same."""

import io
import pickletools

import cppickle

CONSTANTS = ("SHORT_BINBYTES", "BINBYTES")
REFERENCES = ("BINGET", "LONG_BINGET")
SHORTEST_ID, LONGEST_ID = 12, 40
# What stands before the state token in a call of the helper for tracked objects.
BEFORE_TOKEN = (["MARK", "id"], ["id", "TUPLE1"])
# The names of the one global that is memoized in another way where there is a hook.
UNLIKE_WHEN_HOOKED = ("abc", "update_abstractmethods")


class Hooked(cppickle.Pickler):
    """Asks about every object, so nothing is recorded and nothing repeated."""

    def reducer_override(self, obj):
        return NotImplemented


def written_out(obj):
    file = io.BytesIO()
    Hooked(file).dump(obj)
    return file.getvalue()


def outcome(dumps, obj):
    """The stream, or the kind of error that there was instead."""
    try:
        return dumps(obj)
    except Exception as error:
        return type(error).__name__


def normalised(stream):
    """The opcodes, with tracker ids replaced by numbers, and without state tokens.

    Frames and entries of the memo that nothing gets are left out: a hook changes how
    some globals are written.
    """
    return Normaliser(stream).normal


class Normaliser:
    """Reads a stream once; `normal` are the opcodes."""

    def __init__(self, stream):
        opcodes = [(code.name, value) for code, value, _ in pickletools.genops(stream)]
        self.used = {value for name, value in opcodes if name in REFERENCES}
        self.written = 0  # entries of the memo
        self.known = {}  # what a reference to an entry is replaced by
        self.places = 0
        self.ids = {}
        self.normal = [("", None), ("", None)]
        for name, value in opcodes:
            if name == "MEMOIZE":
                self.memoize()
            elif name in REFERENCES:
                self.add(*self.known[value])
            elif name != "FRAME":
                self.add(name, value)

    def memoize(self):
        last = self.normal[-1]
        if last[0] in ("id", "token") or last[1] in UNLIKE_WHEN_HOOKED:
            self.known[self.written] = last
        elif self.written in self.used:
            self.known[self.written] = ("GET", self.places)
            self.places += 1
            self.normal.append(("MEMOIZE", None))
        self.written += 1

    def add(self, name, value):
        before = [entry[0] for entry in self.normal[-2:] if entry[0] != "MEMOIZE"]
        is_digest = name in CONSTANTS and SHORTEST_ID <= len(value) <= LONGEST_ID
        if before in BEFORE_TOKEN and (is_digest or name == "id"):
            name, value = "token", None
        elif is_digest and before[-1:] == ["MARK"]:
            name, value = "id", self.ids.setdefault(value, len(self.ids))
        # By its text: nan is not nan.
        self.normal.append((name, repr(value) if isinstance(value, float) else value))


def say_the_same(left, right):
    """Whether two streams differ in nothing but ids, tokens and idle memo entries."""
    if isinstance(left, str) or isinstance(right, str):
        return left == right
    return left == right or normalised(left) == normalised(right)
