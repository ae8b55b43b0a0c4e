"""Dask and distributed.

From the client, for itself, the scheduler and all workers, present and future::

    import cppickle.integrations.dask
    client = distributed.Client(...)
    cppickle.integrations.dask.install(client)

Without a line of code, by the documented preload hook::

    dask scheduler --preload cppickle.integrations.dask
    dask worker ADDRESS --preload cppickle.integrations.dask

(or the settings ``distributed.scheduler.preload`` and ``distributed.worker.preload``,
or ``DASK_DISTRIBUTED__WORKER__PRELOAD=cppickle.integrations.dask``.)

Workers need not have cppickle: ``install()`` without a client switches this process
alone, and plain workers load what it sends. The scheduler loads tasks and pickles them
again, so switch that, or cloudpickle has its say there.

distributed pickles with ``pickle``, and if that fails or finds ``__main__`` in the
result, once more with cloudpickle. Here one pass does it. The reducers registered with
``dask_serialize`` are asked for what cannot be pickled otherwise, and buffers stay out
of band, as before.
"""

import functools
import importlib.util
import io
import logging
import pickle
import sys
from collections.abc import Callable
from typing import Any

import cppickle

from . import EngineError
from ._switch import Switch, adopt_registry, engine, found

__all__ = ["available", "dask_setup", "dumps", "install", "installed", "uninstall"]

MINIMUM = "2024.1"
PLUGIN = "cppickle"

_switch = Switch()
_logger = logging.getLogger(__name__)


def available() -> bool:
    """Whether distributed can be imported here."""
    return found("distributed")


def installed() -> bool:
    """Whether this process pickles for distributed with cppickle."""
    return _switch.on


def install(client: Any = None) -> None:
    """Switch this process, and with a client also its scheduler and workers.

    Args:
        client: a synchronous ``distributed.Client``. Its scheduler and workers must
        have
            cppickle; workers that join later are switched as they do.

    Raises:
        EngineError: distributed is missing or too old, the client is asynchronous, or
            the scheduler or a worker has no cppickle.
    """
    if client is not None:
        _check(client)
    _install_here()
    if client is not None:
        from ._dask_plugin import CppicklePlugin

        client.run_on_scheduler(_install_here)
        client.register_plugin(CppicklePlugin(), name=PLUGIN)


def uninstall(client: Any = None) -> None:
    """Undo `install()`, with a client also on its scheduler and workers."""
    if client is not None:
        if client.run_on_scheduler(_has_plugin):
            client.unregister_worker_plugin(PLUGIN)
        client.run_on_scheduler(_switch_off)
    _switch.turn_off()


def dask_setup(server: Any) -> None:
    """The preload hook: called by a scheduler or worker that starts."""
    _install_here()


def _switch_off() -> None:
    _switch.turn_off()


def _has_plugin(dask_scheduler: Any) -> bool:
    return PLUGIN in dask_scheduler.worker_plugins


def _install_here() -> None:
    if _switch.on:
        return
    theirs = engine("distributed.protocol.pickle", "distributed", MINIMUM)
    multiprocessing = engine("dask.multiprocessing", "dask", MINIMUM)
    tokenize = engine("dask.tokenize", "dask", MINIMUM)
    adopt_registry(theirs.cloudpickle)
    by_value = functools.partial(cppickle.dumps, protocol=pickle.HIGHEST_PROTOCOL)
    _switch.turn_on(
        [
            *((module, "dumps", dumps) for module in _holders_of(theirs.dumps)),
            (theirs, "cloudpickle", cppickle),
            (tokenize, "cloudpickle", cppickle),
            (multiprocessing, "_dumps", by_value),
            (multiprocessing, "_loads", cppickle.loads),
        ]
    )


def _holders_of(function: Callable[..., Any]) -> list[Any]:
    """The modules of dask and distributed that bound `function` as ``dumps``."""
    return [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in ("dask", "distributed")
        and getattr(module, "dumps", None) is function
    ]


def _check(client: Any) -> None:
    """Raise EngineError if a client cannot switch its scheduler and its workers."""
    if client.asynchronous:
        raise EngineError("the client is asynchronous: preload cppickle instead")
    ask = importlib.util.find_spec, cppickle.__name__
    lacking = [address for address, spec in client.run(*ask).items() if spec is None]
    if client.run_on_scheduler(*ask) is None:
        lacking.insert(0, "the scheduler")
    if lacking:
        raise EngineError(
            f"cppickle is not installed on {', '.join(lacking)}; install() without a "
            "client needs nothing there"
        )


# --- One pass -------------------------------------------------------------------------


def dumps(
    x: object,
    *,
    buffer_callback: Callable[[pickle.PickleBuffer], object] | None = None,
    protocol: int | None = pickle.HIGHEST_PROTOCOL,
) -> bytes:
    """Stands in for ``distributed.protocol.pickle.dumps``."""
    protocol = protocol or pickle.HIGHEST_PROTOCOL
    buffers: list[pickle.PickleBuffer] = []
    callback = buffers.append if protocol >= 5 and buffer_callback else None
    try:
        stream = cppickle.dumps(x, protocol, callback)
    except Exception as error:
        buffers.clear()
        stream = _dumps_with_reducers(x, protocol, callback, error)
    if buffer_callback is not None:
        for buffer in buffers:
            buffer_callback(buffer)
    return stream


def _dumps_with_reducers(
    x: object,
    protocol: int,
    callback: Callable[[pickle.PickleBuffer], None] | None,
    error: Exception,
) -> bytes:
    """The second attempt: with the reducers of ``dask_serialize``.

    Raises:
        Exception: `error`, that of the first attempt, when no reducer had anything to
        say.
    """
    file = io.BytesIO()
    pickler = _ReducingPickler(file, protocol, callback)
    try:
        pickler.dump(x)
    except Exception as second:
        _logger.exception("Failed to serialize %s.", type(x))
        if pickler.asked:
            raise
        raise error from second
    return file.getvalue()


class _ReducingPickler(cppickle.Pickler):
    asked = False

    def reducer_override(self, obj: Any, /) -> Any:
        from distributed.protocol.serialize import dask_deserialize, dask_serialize

        if type(obj).__module__.partition(".")[0] in ("builtins", "numpy", "pandas"):
            return NotImplemented
        try:
            serialize = dask_serialize.dispatch(type(obj))
            deserialize = dask_deserialize.dispatch(type(obj))
            reduced = deserialize, serialize(obj)
        except TypeError:  # says that nothing is registered
            return NotImplemented
        self.asked = True
        return reduced
