"""Parts of the API that are written in Python: loading, and a hook's default."""

import io
import pickle
from typing import Any

from . import _core


class ForeignUnpickler(pickle.Unpickler):
    """Finds what cloudpickle's streams name in cppickle.compat, if nowhere else."""

    def find_class(self, module: str, name: str, /) -> Any:
        try:
            return super().find_class(module, name)
        except ModuleNotFoundError as error:
            if error.name != "cloudpickle":
                raise
        from .compat.surface import modules

        surface = modules().get(module)
        if surface is None:
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        found: Any = surface
        for part in name.split("."):
            found = getattr(found, part)
        return found


def load(
    file: Any,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Any = (),
) -> Any:
    """The object that a pickle in file holds, as pickle.load() gives it.

    Streams of cloudpickle load also where cloudpickle is not installed.
    """
    unpickler = ForeignUnpickler(
        file, fix_imports=fix_imports, encoding=encoding, errors=errors, buffers=buffers
    )
    return unpickler.load()


def loads_foreign(data: Any, /, **options: Any) -> Any:
    """loads(), after the standard unpickler has missed the module cloudpickle."""
    return load(io.BytesIO(data), **options)


def reducer_override(self: Any, obj: Any) -> Any:
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
