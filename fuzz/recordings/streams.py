"""Streams that are written out, and when two streams say the same."""

import io
import pickletools

import cppickle

MARKS = ("MARK",)
CONSTANTS = ("SHORT_BINBYTES", "BINBYTES")
REFERENCES = ("BINGET", "LONG_BINGET")
# The names of the one global that is memoized in another way where there is a hook.
UNLIKE_WHEN_HOOKED = ("abc", "update_abstractmethods")
SHORTEST_ID, LONGEST_ID = 12, 40


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
    """The opcodes, with tracker ids and state tokens replaced by numbers.

    Frames and entries of the memo that nothing gets are left out: a hook changes how
    some globals are written.
    """
    opcodes = [(code.name, value) for code, value, _ in pickletools.genops(stream)]
    used = {value for name, value in opcodes if name in REFERENCES}
    ids, places, texts, written = {}, {}, {}, 0
    before, normal = ["", ""], []
    for name, value in opcodes:
        if name == "MEMOIZE":
            if normal[-1][1] in UNLIKE_WHEN_HOOKED:
                texts[written] = normal[-1]
            elif written in used:
                places[written] = len(places)
                normal.append((name, None))
            written += 1
        elif name in REFERENCES:
            normal.append(texts.get(value) or ("GET", places[value]))
        elif name != "FRAME":
            if is_tracked(name, value, before):
                value = ("tracked", ids.setdefault(value, len(ids)))
            # By its text: nan is not nan.
            normal.append((name, repr(value) if isinstance(value, float) else value))
        if name not in ("MEMOIZE", "FRAME"):
            before = [before[1], name]
    return normal


def is_tracked(name, argument, before):
    """Whether this is the id, or the token after it, in a call of the helper."""
    if name not in CONSTANTS or not SHORTEST_ID <= len(argument) <= LONGEST_ID:
        return False
    return before[1] in MARKS or (
        before[0] in MARKS and before[1] in (*CONSTANTS, *REFERENCES)
    )


def say_the_same(left, right):
    """Whether two streams differ in nothing but ids, tokens and idle memo entries."""
    if isinstance(left, str) or isinstance(right, str):
        return left == right
    return left == right or normalised(left) == normalised(right)
