"""What a workload is, and how objects of the sender's ``__main__`` are made."""

from __future__ import annotations

import ast
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from benchmarks.rivals.base import DATA

DEFAULT_MEMORY = "default"
# glibc keeps freed memory instead of giving it back, so that page faults, which are
# dear on some machines, do not hide the engines' differences.
QUIET_MEMORY = "quiet"


def itself(obj: object) -> object:
    return obj


@dataclass(frozen=True)
class Workload:
    """An object to pickle, made afresh by every call of ``build``.

    ``observe`` gives what must be equal before and after the trip: the answer of a
    function, the behaviour of a class, the value itself for data.
    """

    name: str
    build: Callable[[], object]
    observe: Callable[[object], object] = itself
    needs: frozenset[str] = frozenset({DATA})
    # No class or function by value: the stream must equal pickle's, byte by byte.
    same_bytes_as_pickle: bool = False
    # Each pickled object, and each loaded stream, is one the process has never seen.
    cold: bool = False
    out_of_band: bool = False
    memory: tuple[str, ...] = (DEFAULT_MEMORY,)
    modules: tuple[str, ...] = ()

    def missing_module(self) -> str | None:
        for module in self.modules:
            if importlib.util.find_spec(module) is None:
                return module
        return None


def data(name: str, build: Callable[[], object], **options) -> Workload:
    """A workload without code by value."""
    return Workload(name, build, same_bytes_as_pickle=True, **options)


def warm_and_cold(workload: Workload) -> Iterator[Workload]:
    yield workload
    yield replace(workload, name=f"{workload.name}, cold", cold=True)


class InMain:
    """Builds the value of ``expression`` after running ``source`` in ``__main__``.

    Every call runs it in a new module, further down in an imaginary file: equal code
    objects would be one code object to the caches of the contenders.
    """

    def __init__(self, source: str, expression: str):
        self._tree = ast.parse(source)
        self._lines = source.count("\n") + 1
        self._expression = expression

    def __call__(self) -> object:
        ast.increment_lineno(self._tree, self._lines)
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        exec(compile(self._tree, "train.py", "exec"), module.__dict__)
        return eval(self._expression, module.__dict__)


def leave_main() -> None:
    """Makes ``__main__`` an empty module, as far as by-value loads can find it."""
    sys.modules["__main__"] = types.ModuleType("__main__")
