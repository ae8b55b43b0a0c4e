"""ipyparallel.

From the client, for itself and the engines of a view::

    import cppickle.integrations.ipyparallel
    with ipyparallel.Cluster(n=2) as client:
        cppickle.integrations.ipyparallel.install(client[:])

This is what ``view.use_cloudpickle()`` does, with cppickle. The engines have to have
it.
"""

import copyreg
import functools
import types
from typing import TYPE_CHECKING, Any

from ._switch import cppickle_with, engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "install", "installed", "uninstall"]

MINIMUM = "8.0"
# What ipyparallel takes apart itself, and puts together as less than it was: partials
# without attributes, classes of __main__ as another class each time.
CANNED = (types.FunctionType, types.CellType, functools.partial, type)

_before: list[tuple[dict[Any, Any], Any, Any]] = []  # entries: dict, key, value


def available() -> bool:
    """Whether ipyparallel can be imported here."""
    return found("ipyparallel")


def installed() -> bool:
    """Whether ipyparallel pickles with cppickle in this process."""
    return available() and _serialize().pickle.__name__ == "cppickle"


def install(view: Any = None, **options: "Unpack[Options]") -> None:
    """Switch this process, and with a view also its engines.

    Args:
        view: a ``DirectView``, such as ``client[:]``.
        options: of what is dumped here and on the engines of the view, as for
            ``cppickle.dumps``.

    Raises:
        EngineError: ipyparallel is missing or too old.
    """
    sending = cppickle_with(**options)
    package = engine("ipyparallel.serialize", "ipyparallel", MINIMUM)
    package.use_pickle()
    from ipyparallel.serialize import canning, codeutil

    for kind in CANNED:
        _take_out(canning.can_map, kind)
    if copyreg.dispatch_table.get(types.CodeType) is codeutil.reduce_code:
        # Its code objects have no guard against other versions of Python.
        _take_out(copyreg.dispatch_table, types.CodeType)
    _serialize().pickle = sending
    if view is not None:
        view.apply_sync(install, **options)


def uninstall(view: Any = None) -> None:
    """Undo `install()`: back to ``pickle``, which is ipyparallel's own choice."""
    if view is not None:
        view.apply_sync(uninstall)
    if available():
        engine("ipyparallel.serialize", "ipyparallel", MINIMUM).use_pickle()
    while _before:
        table, key, value = _before.pop()
        table[key] = value


def _take_out(table: dict[Any, Any], key: Any) -> None:
    if key in table:
        _before.append((table, key, table.pop(key)))


def _serialize() -> Any:
    return engine("ipyparallel.serialize.serialize", "ipyparallel", MINIMUM)
