"""Parts of the API that are written in Python: cloudpickle's names, a hook."""

from . import _core

TYPE_CHECKING = False  # as in __init__
if TYPE_CHECKING:
    from typing import Any


def find_in_compat(module: str, name: str) -> "Any":
    """What cloudpickle has under a name, for unpicklers where it is not installed."""
    from .compat.surface import modules

    found: Any = modules().get(module)
    if found is None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def reducer_override(self: "Any", obj: "Any") -> "Any":
    """Override it to choose the reduce value of an object.

    NotImplemented leaves obj to the pickler, which is what this one answers. A pickler
    that is not cppickle's, and has taken this function, gets a reduce value for
    functions and classes by value.
    """
    if isinstance(self, _core.BasePickler):
        return NotImplemented
    from .compat import reduce_for_others

    return reduce_for_others(obj)


reducer_override.__module__ = "cppickle"
reducer_override.__qualname__ = "Pickler.reducer_override"
_core._set_reducer_override(reducer_override)
