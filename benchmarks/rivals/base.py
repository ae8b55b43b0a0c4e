"""What a rival tells about itself."""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from dataclasses import dataclass

# What a workload may need of a rival.
DATA = "data"  # builtin types, and instances of importable classes
NAIVE_DATETIMES = "naive datetimes"
REDUCED = "what the standard library reduces"  # complex, deque, ints of any size
FUNCTIONS = "functions by value"
CLASSES = "classes by value"
BUFFERS = "out-of-band buffers"
DEPTH = "any depth"


@dataclass(frozen=True)
class Rival:
    """A contender: what it can do, and the calls that a user of it would write.

    The calls are source text, so that the timed loop contains them as they are:
    ``dumps`` is an expression over ``obj``, ``loads`` one over ``stream``, which is
    whatever ``dumps`` gave.
    """

    name: str
    version: str
    supports: frozenset[str]
    namespace: Mapping[str, object]
    dumps: str
    loads: str
    dumps_out_of_band: str = ""
    loads_out_of_band: str = ""
    # A second way to load the same stream, where the library has one of its own.
    own_loads: str = ""
    own_loads_out_of_band: str = ""

    def can(self, needs: frozenset[str]) -> bool:
        return needs <= self.supports

    def calls(self, out_of_band: bool) -> tuple[str, str, str]:
        """The calls ``dumps``, ``loads`` and own ``loads`` (may be empty)."""
        if out_of_band:
            return (
                self.dumps_out_of_band,
                self.loads_out_of_band,
                self.own_loads_out_of_band,
            )
        return self.dumps, self.loads, self.own_loads

    def evaluate(self, call: str, **names: object) -> object:
        """The value of one of the calls."""
        return eval(_compiled(call), {**self.namespace, **names})


@functools.cache
def _compiled(call: str) -> types.CodeType:
    return compile(call, "<call>", "eval")


def size(stream: object) -> int:
    """Bytes of a stream, without its out-of-band buffers."""
    return len(stream[0] if isinstance(stream, tuple) else stream)
