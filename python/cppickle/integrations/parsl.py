"""Parsl.

On the side that submits; workers find the class by the name in the header of a
message::

    import cppickle.integrations.parsl
    cppickle.integrations.parsl.install()
    parsl.load(config)

A worker that gets such a message answers in the same way. It has to have cppickle.
"""

import pickle
from typing import TYPE_CHECKING, Any

import cppickle

from .._options import checked
from ._switch import engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["CppickleSerializer", "available", "install", "installed", "uninstall"]

MINIMUM = "2024.1"

# The tables of Parsl that we are in, with what was in them; None: never asked to be.
_tables: list[tuple[dict[bytes, Any], dict[bytes, Any]]] | None = None


def available() -> bool:
    """Whether Parsl can be imported here."""
    return found("parsl")


def installed() -> bool:
    """Whether Parsl pickles with cppickle in this process."""
    return bool(_tables)


def install(**options: "Unpack[Options]") -> None:
    """Have Parsl pickle functions, arguments and results with cppickle alone.

    What Parsl's own serializers wrote can be read still. They are not asked after ours:
    Parsl would show the error of the last one, without the path.

    Args:
        options: of what is dumped here, as for ``cppickle.dumps``. Workers answer as
            by default.

    Raises:
        EngineError: Parsl is missing or too old.
    """
    global _tables
    if _tables:
        return
    serializer = CppickleSerializer(**options)
    facade = engine("parsl.serialize.facade", "parsl", MINIMUM)
    _tables = []
    for table in (facade.methods_for_code, facade.methods_for_data):
        others = dict(table)
        _tables.append((table, others))
        facade.additional_methods_for_deserialization.update(others)
        table.clear()
        table[serializer.identifier] = serializer


def uninstall() -> None:
    """Undo `install()` in this process. Messages under way can be read still."""
    global _tables
    for table, before in _tables or ():
        table.clear()
        table.update(before)
    _tables = []


class CppickleSerializer:
    """What Parsl writes and reads with: the interface of its ``SerializerBase``."""

    # The module and the class, as a worker looks them up.
    identifier = b"cppickle.integrations.parsl CppickleSerializer"

    def __init__(self, **options: "Unpack[Options]") -> None:
        self._options = checked("install", options)

    def serialize(self, data: Any) -> bytes:
        """The stream of `data`, Python code by value."""
        return cppickle.dumps(data, **self._options)

    def deserialize(self, payload: bytes) -> Any:
        """What a stream holds. A worker answers with cppickle from then on."""
        if _tables is None:
            install()
        return pickle.loads(payload)
