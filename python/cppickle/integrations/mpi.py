"""mpi4py.

On all ranks alike::

    import cppickle.integrations.mpi
    cppickle.integrations.mpi.install()
    MPI.COMM_WORLD.bcast(lambda x: x * x, root=0)

This is ``MPI.pickle.__init__(cppickle.dumps, cppickle.loads)`` for the lower-case
methods of communicators and for ``mpi4py.futures``, and the same for
``mpi4py.util.pkl5``, which keeps buffers out of band.
"""

from typing import TYPE_CHECKING, Any

import cppickle

from ._switch import cppickle_with, engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "install", "installed", "uninstall"]

MINIMUM = "3.1"

_switched: list[Any] = []


def available() -> bool:
    """Whether mpi4py can be imported here."""
    return found("mpi4py")


def installed() -> bool:
    """Whether `install()` was called in this process."""
    return bool(_switched)


def install(**options: "Unpack[Options]") -> None:
    """Have mpi4py pickle with cppickle in this process. Initialises MPI.

    Args:
        options: of what is dumped here, as for ``cppickle.dumps``.

    Raises:
        EngineError: mpi4py is missing or too old.
    """
    if _switched:
        return
    sending = cppickle_with(**options)
    mpi = engine("mpi4py.MPI", "mpi4py", MINIMUM)
    pkl5 = engine("mpi4py.util.pkl5", "mpi4py", MINIMUM)
    for pickle in (mpi.pickle, pkl5.pickle):
        pickle.__init__(sending.dumps, cppickle.loads)
        _switched.append(pickle)


def uninstall() -> None:
    """Back to mpi4py's own choice, the standard pickle."""
    while _switched:
        _switched.pop().__init__()
