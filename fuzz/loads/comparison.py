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


def difference(case):
    """Text that says how cppickle differs from both of CPython's, or None.

    The C one's answer is the right one, with the text of its error, as long as the
    stream does not make it allocate what it says; then the Python one's kind of answer
    is.
    """
    ours, in_c, in_python = (reader.outcome(case) for reader in READERS)
    if in_c.what not in OVERSIZE:
        same = ours == in_c
    elif in_python.what not in OVERSIZE:
        # It raises other errors than the C one for some of what is malformed.
        same = (ours.kind == "value") == (in_python.kind == "value")
        if same and ours.kind == "value":
            same = ours.what == in_python.what
    else:
        same = True
    if same or is_meant(case):
        return None
    return f"{case}\n  ours:   {ours}\n  C:      {in_c}\n  Python: {in_python}"


def is_meant(case):
    is_lax = sys.version_info < (3, 14)
    return is_lax and case.way != IN_MEMORY and has_a_frame_out_of_place(case.stream)
