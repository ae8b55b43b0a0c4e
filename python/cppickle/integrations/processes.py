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

import contextlib
import functools
import io
import multiprocessing.connection
import multiprocessing.process
import multiprocessing.queues
import multiprocessing.reduction
import pickle
import threading
from collections import ChainMap
from collections.abc import Callable, Iterable
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any

import cppickle

from .. import _namespaces
from .._options import checked
from ._switch import Switch, pickler_with

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["ByValuePickler", "available", "install", "installed", "uninstall"]

_switch = Switch()
# See _namespaces; streams that other processes get have them too, and no use for them.
_SHARED: Any = {"_namespaces": "shared"}


def available() -> bool:
    """True: it is part of Python."""
    return True


def installed() -> bool:
    """Whether multiprocessing pickles with cppickle in this process."""
    return _switch.on


def install(**options: "Unpack[Options]") -> None:
    """Have multiprocessing pickle with cppickle, here and in processes started later.

    Pools that exist already send tasks by value from now on. Their processes return
    results by value only if they were forked or started after this call.

    Args:
        options: of what is dumped here and in those processes, as for
            ``cppickle.dumps``.
    """
    chosen = checked("install", options)
    pickler = pickler_with(ByValuePickler, {**chosen, **_SHARED})
    process = multiprocessing.process.BaseProcess
    _switch.turn_on(
        [
            (multiprocessing.reduction, "ForkingPickler", pickler),
            (multiprocessing.reduction, "dump", functools.partial(_dump, chosen)),
            (multiprocessing.connection, "_ForkingPickler", pickler),
            (multiprocessing.queues, "_ForkingPickler", pickler),
            (process, "start", functools.partialmethod(_start, chosen)),
            (process, "_bootstrap", _bootstrap),
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
    cls: type[cppickle.Pickler],
    obj: object,
    protocol: int | None = None,
    name: str | tuple[str, ...] | None = None,
    **options: "Unpack[Options]",
) -> io.BytesIO:
    file = io.BytesIO()
    pickler = cls(file, protocol, **options)
    pickler._root_name = name
    pickler.dump(obj)
    return file


def by_value(
    obj: object,
    name: str | tuple[str, ...] | None = None,
    **options: "Unpack[Options]",
) -> bytes:
    """`obj` as a stream that plain ``pickle.loads`` reads, connections included.

    Args:
        name: how paths in errors begin; a tuple names the items of `obj`, a tuple.
    """
    return _pickled(ByValuePickler, obj, name=name, **options).getvalue()


def for_worker(
    obj: object,
    name: str | tuple[str, ...] | None = None,
    **options: "Unpack[Options]",
) -> bytes:
    """The same for a process that this one has started: see `_namespaces`."""
    return _pickled(ByValuePickler, obj, name=name, **options, **_SHARED).getvalue()


# --- Starting processes ---------------------------------------------------------------


def _dump(
    options: "Options", obj: object, file: Any, protocol: int | None = None
) -> None:
    """Stands in for ``multiprocessing.reduction.dump``, which starts processes."""
    if isinstance(obj, multiprocessing.process.BaseProcess):
        obj = _Switched(obj, options)
    ByValuePickler(file, protocol, **options, **_SHARED).dump(obj)


class _Starting(threading.local):
    """What a process that this thread starts is going to call, for `_bootstrap`."""

    streams: "list[bytes]" = []


_starting = _Starting()
_plain_start = multiprocessing.process.BaseProcess.start
_plain_bootstrap: Any = multiprocessing.process.BaseProcess._bootstrap  # type: ignore[attr-defined]


def _start(self: Any, options: "Options") -> None:
    """Stands in for the method that starts a process."""
    method = getattr(self, "_start_method", None) or multiprocessing.get_start_method()
    if method == "fork":
        called = type(self).run, self._target, *self._args, *self._kwargs.values()
        _starting.streams = streams_of(filter(callable, called), **options)
    try:
        _plain_start(self)
    finally:
        _starting.streams = []


def _bootstrap(self: Any, *args: Any, **keywords: Any) -> Any:
    """Stands in for the method in which a process runs its target."""
    _namespaces.begin(_starting.streams)
    return _plain_bootstrap(self, *args, **keywords)


def streams_of(called: Iterable[object], **options: "Unpack[Options]") -> list[bytes]:
    """For `_namespaces.begin()`: of what can be pickled."""
    streams = []
    for function in called:
        with contextlib.suppress(Exception):
            streams.append(for_worker(function, **options))
    return streams


class _Switched:
    """A process object whose process installs this before it begins."""

    def __init__(self, process: object, options: "Options") -> None:
        self.process = process
        self.options = options

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _switched, (self.process, self.options)


def _switched(process: object, options: "Options") -> object:
    install(**options)
    return process
