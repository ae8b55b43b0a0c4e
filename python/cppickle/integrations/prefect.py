"""Prefect.

For results, by its documented setting::

    @flow(result_serializer=PickleSerializer(picklelib="cppickle"))
    def report(): ...

For what Prefect itself sends to processes (``ProcessPoolTaskRunner``, bundles) and
hashes for its cache keys::

    import cppickle.integrations.prefect
    cppickle.integrations.prefect.install()

Processes that run tasks load plain pickles and need nothing; those that read results
with ``picklelib="cppickle"`` have to have cppickle.
"""

import sys
from typing import TYPE_CHECKING

from ._switch import Switch, adopt_registry, cppickle_with, engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "install", "installed", "uninstall"]

MINIMUM = "3.0"
MODULES = (
    "prefect.bundles",
    "prefect.utilities.callables",
    "prefect.utilities.hashing",
)
HASHING = MODULES[-1]  # makes keys, which have to be equal in all processes

_switch = Switch()


def available() -> bool:
    """Whether Prefect can be imported here."""
    return found("prefect")


def installed() -> bool:
    """Whether `install()` was called in this process."""
    return _switch.on


def install(**options: "Unpack[Options]") -> None:
    """Have Prefect pickle with cppickle where it would use cloudpickle.

    Args:
        options: of what is sent, as for ``cppickle.dumps``. Cache keys have none.

    Raises:
        EngineError: Prefect is missing or too old.
    """
    if _switch.on:
        return
    sending, hashing = cppickle_with(**options), cppickle_with(class_ids="content")
    for name in MODULES:
        engine(name, "prefect", MINIMUM)
    holders = [sys.modules[name] for name in MODULES]
    holders = [module for module in holders if hasattr(module, "cloudpickle")]
    adopt_registry(holders[0].cloudpickle)
    _switch.turn_on(
        [
            (module, "cloudpickle", hashing if module.__name__ == HASHING else sending)
            for module in holders
        ]
    )


def uninstall() -> None:
    """Undo `install()` in this process."""
    _switch.turn_off()
