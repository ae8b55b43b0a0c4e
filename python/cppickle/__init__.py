"""Pickles any Python function, class or object by value, in C++.

The API is cloudpickle's: ``import cppickle as cloudpickle`` is all that changes.
Streams load with plain ``pickle.loads``, also where cppickle is not installed.
"""

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
