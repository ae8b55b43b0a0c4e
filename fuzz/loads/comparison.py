"""Whether the unpicklers agree, and the differences that are meant."""

import sys

from fuzz.loads.damage import items_of
from fuzz.loads.outcome import IN_MEMORY, READERS

FRAME = 0x95
# The standard ones allocate on the word of a stream.
OVERSIZE = {"", "byte string is too large"}


def has_a_frame_out_of_place(stream):
    """True where a frame ends within an item or begins within a frame.

    Before 3.14 CPython's C unpickler then drops bytes when it reads from a file, not in
    memory; ours reads the same from both.
    """
    place = frame_end = 0
    for item in items_of(stream):
        is_frame = item[0] == FRAME and len(item) == 9
        if place < frame_end < place + len(item) or (is_frame and place < frame_end):
            return True
        place += len(item)
        if is_frame:
            frame_end = place + int.from_bytes(item[1:], "little")
    return False


def numbers_otherwise(stream):
    """True where the C unpickler may give the memo's entries other numbers.

    From 3.15 on it keeps what has a far index apart, and MEMOIZE does not count that.
    The Python one counts it, as both did before, and so does ours.
    """
    near = 32  # what the memo has room for at first
    if sys.version_info < (3, 15):
        return False
    for item in items_of(stream):
        kind, argument = item[:1], item[1:]
        if kind in (b"q", b"r") and int.from_bytes(argument, "little") >= near:
            return True
        if kind == b"p" and len(argument.strip()) > 1:
            return True
    return False


def is_like_python(ours, in_python):
    """It raises other errors than the C one for some of what is malformed."""
    if ours.kind == in_python.kind == "value":
        return ours.what == in_python.what
    return "value" not in (ours.kind, in_python.kind)


def difference(case):
    """Text that says how cppickle differs from both of CPython's, or None.

    The C one's answer is the right one, with the text of its error, as long as the
    stream does not make it allocate what it says, or count in another way; then the
    Python one's kind of answer is.
    """
    ours, in_c, in_python = (reader.outcome(case) for reader in READERS)
    c_counts = in_c.what not in OVERSIZE
    same = c_counts and ours == in_c
    if not same and (not c_counts or numbers_otherwise(case.stream)):
        same = in_python.what in OVERSIZE or is_like_python(ours, in_python)
    if same or is_meant(case):
        return None
    return f"{case}\n  ours:   {ours}\n  C:      {in_c}\n  Python: {in_python}"


def is_meant(case):
    is_lax = sys.version_info < (3, 14)
    return is_lax and case.way != IN_MEMORY and has_a_frame_out_of_place(case.stream)
