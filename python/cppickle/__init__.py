"""Pickles any Python function, class or object by value, in C++.

The API is cloudpickle's: ``import cppickle as cloudpickle`` is all that changes.
Streams load with plain ``pickle.loads``, also where cppickle is not installed.
"""

from pickle import load, loads
from typing import TYPE_CHECKING, Any

from ._core import (
    DEFAULT_PROTOCOL,
    Pickler,
    __version__,
    dump,
    dumps,
    list_registry_pickle_by_value,
    register_pickle_by_value,
    unregister_pickle_by_value,
)

if TYPE_CHECKING:
    from .integrations.executors import InterpreterPoolExecutor, ProcessPoolExecutor

CloudPickler = Pickler

__all__ = [
    "DEFAULT_PROTOCOL",
    "CloudPickler",
    "Pickler",
    "ProcessPoolExecutor",
    "__version__",
    "dump",
    "dumps",
    "list_registry_pickle_by_value",
    "load",
    "loads",
    "register_pickle_by_value",
    "unregister_pickle_by_value",
]


def __getattr__(name: str) -> Any:
    """Executors are imported when they are asked for."""
    if name in ("ProcessPoolExecutor", "InterpreterPoolExecutor"):
        from .integrations import executors

        found = getattr(executors, name)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "ProcessPoolExecutor"})
