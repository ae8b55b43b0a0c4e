"""multiprocessing and concurrent.futures.

Without a global change, an executor whose tasks and results go by value::

    with cppickle.ProcessPoolExecutor() as pool:
        print(list(pool.map(lambda x: x * x, range(10))))

For everything that multiprocessing sends (``Pool``, ``Process``, ``Queue``, ``Pipe``,
managers, the standard ``ProcessPoolExecutor``), by fork, spawn and forkserver::

    import cppickle.integrations.processes
    cppickle.integrations.processes.install()  # before pools are made

Processes that are started afterwards are switched too, so that results go by value.
"""

import io
import multiprocessing.connection
import multiprocessing.process
import multiprocessing.queues
import multiprocessing.reduction
import pickle
from collections import ChainMap
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any

import cppickle

from ._switch import Switch

__all__ = ["ByValuePickler", "available", "install", "installed", "uninstall"]

_switch = Switch()


def available() -> bool:
    """True: it is part of Python."""
    return True


def installed() -> bool:
    """Whether multiprocessing pickles with cppickle in this process."""
    return _switch.on


def install() -> None:
    """Have multiprocessing pickle with cppickle, here and in processes started later.

    Pools that exist already send tasks by value from now on. Their processes return
    results by value only if they were forked or started after this call.
    """
    _switch.turn_on(
        [
            (multiprocessing.reduction, "ForkingPickler", ByValuePickler),
            (multiprocessing.reduction, "dump", _dump),
            (multiprocessing.connection, "_ForkingPickler", ByValuePickler),
            (multiprocessing.queues, "_ForkingPickler", ByValuePickler),
        ]
    )


def uninstall() -> None:
    """Undo `install()` in this process."""
    _switch.turn_off()


class ByValuePickler(cppickle.Pickler):
    """Stands in for multiprocessing's ``ForkingPickler``.

    Reducers that were registered there, of connections, locks and sockets among them,
    are honoured, also those that are registered later.
    """

    _extra_reducers = ForkingPickler._extra_reducers  # type: ignore[attr-defined]
    # Of plain dicts, which the pickler looks through without running Python code.
    dispatch_table = ChainMap(_extra_reducers, *cppickle.Pickler.dispatch.maps)
    register = ForkingPickler.register
    loads = pickle.loads

    @classmethod
    def dumps(cls, obj: object, protocol: int | None = None) -> memoryview:
        """The pickle of `obj`, in a buffer that can be sent."""
        return _pickled(cls, obj, protocol).getbuffer()


def _pickled(
    cls: type[cppickle.Pickler], obj: object, protocol: int | None = None
) -> io.BytesIO:
    file = io.BytesIO()
    cls(file, protocol).dump(obj)
    return file


def by_value(obj: object) -> bytes:
    """`obj` as a stream that plain ``pickle.loads`` reads, connections included."""
    return _pickled(ByValuePickler, obj).getvalue()


# --- Starting processes ---------------------------------------------------------------


def _dump(obj: object, file: Any, protocol: int | None = None) -> None:
    """Stands in for ``multiprocessing.reduction.dump``, which starts processes."""
    if isinstance(obj, multiprocessing.process.BaseProcess):
        obj = _Switched(obj)
    ByValuePickler(file, protocol).dump(obj)


class _Switched:
    """A process object whose process installs this before it begins."""

    def __init__(self, process: object) -> None:
        self.process = process

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _switched, (self.process,)


def _switched(process: object) -> object:
    install()
    return process
