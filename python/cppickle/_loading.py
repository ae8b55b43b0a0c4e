"""Loading streams of cloudpickle where cloudpickle is not installed."""

import io
import pickle
from typing import Any


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
