"""Peak memory of one ``dumps``, measured in a forked child."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable

from benchmarks.rivals import Rival

AVAILABLE = hasattr(os, "fork")
_KIB = 1 if sys.platform == "darwin" else 1024


def peak(rival: Rival, build: Callable[[], object]) -> int:
    """Bytes by which the process grows at most while it pickles; -1 if it fails."""
    obj = build()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _report(rival, obj, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return struct.unpack("q", answer)[0] if answer else -1


def _report(rival: Rival, obj: object, write_end: int) -> None:
    """In the child: measures, answers, and leaves without running exit handlers."""
    try:
        before = _high_water()
        stream = rival.evaluate(rival.dumps, obj=obj)
        os.write(write_end, struct.pack("q", _high_water() - before))
        del stream
    finally:
        os._exit(0)


def _high_water() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
