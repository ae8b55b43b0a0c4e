"""Ray.

On the driver, and by the documented hook on its workers::

    import ray, cppickle.integrations.ray
    cppickle.integrations.ray.install()
    ray.init(runtime_env=cppickle.integrations.ray.runtime_env())

Workers need not have cppickle: leave the ``runtime_env`` out and they load what the
driver sends, and return what Ray's own pickler can.

Ray carries a cloudpickle of its own, ``ray.cloudpickle``, and looks its names up late.
They are bound to a class of ours. Reducers that Ray and others register by
``ray.cloudpickle.CloudPickler.dispatch[cls] = reducer``, before or after, are honoured
by both classes.
"""

import io
import sys
from collections import ChainMap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cppickle

from . import EngineError
from ._switch import REGISTRY, Switch, adopt_registry, cppickle_with, engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "install", "installed", "runtime_env", "uninstall"]

MINIMUM = "2.9"
SETUP_HOOK = "cppickle.integrations.ray.install"
# Binds CloudPickler when it is imported, as the base of a class that talks to servers.
CLIENT = "ray.util.client.client_pickler"

_switch = Switch()


def available() -> bool:
    """Whether Ray can be imported here."""
    return found("ray")


def installed() -> bool:
    """Whether Ray pickles with cppickle in this process."""
    return _switch.on


def install(**options: "Unpack[Options]") -> None:
    """Have Ray pickle with cppickle in this process.

    Reducers that Ray has registered stay. With Ray's client (``ray://``) call it before
    ``ray.init()``; it is not too late afterwards otherwise, but what was exported is.

    Args:
        options: of what is dumped here, as for ``cppickle.dumps``. Workers that the
            hook switches answer as by default.

    Raises:
        EngineError: Ray is missing or too old, or its client is in use already.
    """
    if _switch.on:
        return
    base = cppickle_with(**options).Pickler
    package = engine("ray.cloudpickle", "ray", MINIMUM)
    module = engine("ray.cloudpickle.cloudpickle", "ray", MINIMUM)
    if CLIENT in sys.modules:
        raise EngineError(
            "Ray's client is loaded already: call install() before ray.init()"
        )
    adopt_registry(module)
    live = package.CloudPickler.dispatch
    registered = _taken_out(live.maps[0], module.__name__)
    pickler = _pickler_class(base, live, registered)
    dump, dumps = _functions_of(pickler)
    names = {"Pickler": pickler, "CloudPickler": pickler, "dump": dump, "dumps": dumps}
    _switch.turn_on(
        [
            (live, "maps", [registered, *live.maps]),
            *(
                (owner, name, value)
                for owner in (package, module)
                for name, value in (names | REGISTRY).items()
            ),
        ]
    )


def uninstall() -> None:
    """Undo `install()` in this process. What was registered meanwhile stays."""
    if not _switch.on:
        return
    import ray.cloudpickle

    live = ray.cloudpickle.CloudPickler.dispatch
    registered = live.maps[0]
    _switch.turn_off()
    live.update(registered)


def runtime_env(**fields: Any) -> dict[str, Any]:
    """What ``ray.init(runtime_env=...)`` needs to switch the workers too.

    Args:
        fields: the other fields of the runtime environment.

    Raises:
        EngineError: there is another setup hook; call `install()` in it instead.
    """
    if "worker_process_setup_hook" in fields:
        raise EngineError(
            f"there is a worker_process_setup_hook already; call {SETUP_HOOK}() in it"
        )
    return {**fields, "worker_process_setup_hook": SETUP_HOOK}


# --- The class ------------------------------------------------------------------------


def _taken_out(table: dict[type, Any], home: str) -> dict[type, Any]:
    """The reducers in a table that are not those of the module `home`, removed from it.

    Cloudpickle's own reducers of functions' parts, modules and the like stay behind:
    the engine does these natively.
    """
    others = {
        kind: reducer
        for kind, reducer in table.items()
        if getattr(reducer, "__module__", None) != home
    }
    for kind in others:
        del table[kind]
    return others


def _pickler_class(
    base: Any, live: Any, registered: dict[type, Any]
) -> type[cppickle.Pickler]:
    """A pickler for Ray: ``dispatch`` is Ray's own, live.

    What is registered in it lands in `registered`, the first map of both.
    """

    class CloudPickler(base):
        dispatch = live
        dispatch_table = ChainMap(registered, *cppickle.Pickler.dispatch.maps)

    CloudPickler.__module__ = __name__
    CloudPickler.__qualname__ = "CloudPickler"
    return CloudPickler


def _functions_of(
    pickler: type[cppickle.Pickler],
) -> tuple[Callable[..., None], Callable[..., bytes]]:
    """``dump`` and ``dumps`` of a class, with cloudpickle's signatures."""

    def dump(
        obj: object, file: Any, protocol: int | None = None, buffer_callback: Any = None
    ) -> None:
        pickler(file, protocol, buffer_callback).dump(obj)

    def dumps(
        obj: object, protocol: int | None = None, buffer_callback: Any = None
    ) -> bytes:
        file = io.BytesIO()
        pickler(file, protocol, buffer_callback).dump(obj)
        return file.getvalue()

    return dump, dumps
