"""Pickles any Python function, class or object by value, in C++.

The API is cloudpickle's: ``import cppickle as cloudpickle`` is all that changes.
Streams load with plain ``pickle.loads``, also where cppickle is not installed.
"""

from typing import TYPE_CHECKING, Any

from ._core import (
    DEFAULT_PROTOCOL,
    DeepRecursionError,
    Pickler,
    __version__,
    dump,
    dumps,
    list_registry_pickle_by_value,
    loads,
    register_pickle_by_value,
    unregister_pickle_by_value,
)
from ._loading import load

if TYPE_CHECKING:
    from .integrations.executors import (
        InterpreterPoolExecutor as InterpreterPoolExecutor,
    )
    from .integrations.executors import ProcessPoolExecutor

CloudPickler = Pickler


def install(*, children: bool = False) -> None:
    """Make ``import cloudpickle`` give cppickle in this process, until uninstall().

    A cloudpickle that is loaded already is adopted: its modules keep their identity and
    have cppickle's attributes. Whoever took functions out of them before keeps those.

    children: also in the processes that this one starts, by way of PYTHONPATH.

    Raises RuntimeError, with nothing changed, where that cannot be done: cloudpickle is
    being imported just now, or something else is in its place in sys.modules.
    """
    from .compat import install

    install(children=children)


def uninstall() -> None:
    """Undo install(): ``import cloudpickle`` gives what is installed, if anything."""
    from .compat import uninstall

    uninstall()


__all__ = [
    "DEFAULT_PROTOCOL",
    "CloudPickler",
    "DeepRecursionError",
    "Pickler",
    "ProcessPoolExecutor",
    "__version__",
    "dump",
    "dumps",
    "install",
    "list_registry_pickle_by_value",
    "load",
    "loads",
    "register_pickle_by_value",
    "uninstall",
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
