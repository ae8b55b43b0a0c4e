"""Local modules that travel as source, and are imported where they arrive.

`places` says where modules are and which are local, `selecting` which of them are
shipped, `imports` what code imports, `components` packs the files of one, `running`
compares them with what runs, `metadata` adds what importlib.metadata finds, `stream`
writes opcodes, `worker` has the text that runs on the other side, `shipments` puts
streams together, `dependencies` tells what a stream needs. Imported when something is
shipped or asked for.
"""

import os
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TypeAlias, Union

from .selecting import selection
from .shipments import Shipment, prelude, shipment

_Item: TypeAlias = Union[
    str, "os.PathLike[str]", ModuleType, Callable[[str], object], Shipment
]
# What ship= may be.
Ship: TypeAlias = _Item | Iterable[_Item]

__all__ = ["Ship", "Shipment", "prelude", "selection", "shipment"]
