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

import cppickle

from ._switch import Switch, adopt_registry, engine, found

__all__ = ["available", "install", "installed", "uninstall"]

MINIMUM = "3.0"
MODULES = (
    "prefect.bundles",
    "prefect.utilities.callables",
    "prefect.utilities.hashing",
)

_switch = Switch()


def available() -> bool:
    """Whether Prefect can be imported here."""
    return found("prefect")


def installed() -> bool:
    """Whether `install()` was called in this process."""
    return _switch.on


def install() -> None:
    """Have Prefect pickle with cppickle where it would use cloudpickle.

    Raises:
        EngineError: Prefect is missing or too old.
    """
    if _switch.on:
        return
    for name in MODULES:
        engine(name, "prefect", MINIMUM)
    holders = [sys.modules[name] for name in MODULES]
    holders = [module for module in holders if hasattr(module, "cloudpickle")]
    adopt_registry(holders[0].cloudpickle)
    _switch.turn_on([(module, "cloudpickle", cppickle) for module in holders])


def uninstall() -> None:
    """Undo `install()` in this process."""
    _switch.turn_off()
