"""Dask and distributed in one process: what is switched there, and what with."""

import functools
import io
import logging
import pickle
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cppickle

from ._switch import Switch, adopt_registry, cppickle_with, engine

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

MINIMUM = "2024.1"
PLUGIN = "cppickle"

_switch = Switch()
_logger = logging.getLogger("cppickle.integrations.dask")


def installed() -> bool:
    """Whether this process pickles for distributed with cppickle."""
    return _switch.on


def install(**options: "Unpack[Options]") -> None:
    """Switch this process."""
    if _switch.on:
        return
    sending = cppickle_with(**options)
    theirs = engine("distributed.protocol.pickle", "distributed", MINIMUM)
    multiprocessing = engine("dask.multiprocessing", "dask", MINIMUM)
    tokenize = engine("dask.tokenize", "dask", MINIMUM)
    adopt_registry(theirs.cloudpickle)
    by_value = functools.partial(sending.dumps, protocol=pickle.HIGHEST_PROTOCOL)
    ours = functools.partial(dumps, **options) if options else dumps
    _switch.turn_on(
        [
            *((module, "dumps", ours) for module in _holders_of(theirs.dumps)),
            (theirs, "cloudpickle", sending),
            # Tokens have to be equal in all processes.
            (tokenize, "cloudpickle", cppickle_with(class_ids="content")),
            (multiprocessing, "_dumps", by_value),
            (multiprocessing, "_loads", cppickle.loads),
        ]
    )


def install_with(shipment: bytes | None, options: "Options") -> None:
    """Switch this process, where a shipment is put in place first."""
    if shipment is not None:
        pickle.loads(shipment)
    install(**options)


def uninstall() -> None:
    """Switch it back."""
    _switch.turn_off()


def _holders_of(function: Callable[..., Any]) -> list[Any]:
    """The modules of dask and distributed that bound `function` as ``dumps``."""
    return [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in ("dask", "distributed")
        and getattr(module, "dumps", None) is function
    ]


# --- One pass -------------------------------------------------------------------------


def dumps(
    x: object,
    *,
    buffer_callback: Callable[[pickle.PickleBuffer], object] | None = None,
    protocol: int | None = pickle.HIGHEST_PROTOCOL,
    **options: "Unpack[Options]",
) -> bytes:
    """Stands in for ``distributed.protocol.pickle.dumps``."""
    protocol = protocol or pickle.HIGHEST_PROTOCOL
    buffers: list[pickle.PickleBuffer] = []
    callback = buffers.append if protocol >= 5 and buffer_callback else None
    try:
        stream = cppickle.dumps(x, protocol, callback, **options)
    except Exception as error:
        buffers.clear()
        stream = _dumps_with_reducers(x, protocol, callback, error, options)
    if buffer_callback is not None:
        for buffer in buffers:
            buffer_callback(buffer)
    return stream


def _dumps_with_reducers(
    x: object,
    protocol: int,
    callback: Callable[[pickle.PickleBuffer], None] | None,
    error: Exception,
    options: "Options",
) -> bytes:
    """The second attempt: with the reducers of ``dask_serialize``.

    Raises:
        Exception: `error`, that of the first attempt, when no reducer had anything to
        say.
    """
    file = io.BytesIO()
    pickler = _ReducingPickler(file, protocol, callback, **options)
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
