"""Pickles any Python function, class or object by value, in C++.

The API is cloudpickle's: ``import cppickle as cloudpickle`` is all that changes.
Streams load with plain ``pickle.loads``, also where cppickle is not installed.
"""

from pickle import load, loads

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

CloudPickler = Pickler

__all__ = [
    "DEFAULT_PROTOCOL",
    "CloudPickler",
    "Pickler",
    "__version__",
    "dump",
    "dumps",
    "list_registry_pickle_by_value",
    "load",
    "loads",
    "register_pickle_by_value",
    "unregister_pickle_by_value",
]
