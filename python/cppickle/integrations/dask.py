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

import importlib.util
from typing import TYPE_CHECKING, Any

import cppickle

from . import EngineError, _dask_process
from ._dask_process import PLUGIN, dumps, installed
from ._switch import found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "dask_setup", "dumps", "install", "installed", "uninstall"]


def available() -> bool:
    """Whether distributed can be imported here."""
    return found("distributed")


def install(client: Any = None, **options: "Unpack[Options]") -> None:
    """Switch this process, and with a client also its scheduler and workers.

    Args:
        client: a synchronous ``distributed.Client``. Its scheduler and workers must
            have cppickle; workers that join later are switched as they do.
        options: of what is dumped here, and with a client there, as for
            ``cppickle.dumps``. Tokens are made without. What `ship` stands for is sent
            once to the scheduler and each worker, present and future; tasks name it.

    Raises:
        EngineError: distributed is missing or too old, the client is asynchronous, or
            the scheduler or a worker has no cppickle.
    """
    if client is None:
        return _dask_process.install(**options)
    _check(client)
    stream = None
    ship = options.get("ship")
    if ship is not None:
        shipment = options["ship"] = cppickle.shipment(ship)
        stream = shipment.stream
    _dask_process.install(**options)
    from ._dask_plugin import CppicklePlugin

    client.run_on_scheduler(_dask_process.install_with, stream, options)
    client.register_plugin(CppicklePlugin(stream, **options), name=PLUGIN)


def uninstall(client: Any = None) -> None:
    """Undo `install()`, with a client also on its scheduler and workers."""
    if client is not None:
        if client.run_on_scheduler(_has_plugin):
            client.unregister_worker_plugin(PLUGIN)
        client.run_on_scheduler(_dask_process.uninstall)
    _dask_process.uninstall()


def dask_setup(server: Any) -> None:
    """The preload hook: called by a scheduler or worker that starts."""
    _dask_process.install()


def _has_plugin(dask_scheduler: Any) -> bool:
    return PLUGIN in dask_scheduler.worker_plugins


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
