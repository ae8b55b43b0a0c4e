"""Pickles any Python function, class or object by value, in C++.

The API is cloudpickle's: ``import cppickle as cloudpickle`` is all that changes.
Streams load with plain ``pickle.loads``, also where cppickle is not installed.
"""

import sys

from . import (
    _core,
    _loading,  # noqa: F401 - gives Pickler its reducer_override
)
from ._core import (
    DEFAULT_PROTOCOL,
    DeepRecursionError,
    Pickler,
    Unpickler,
    __version__,
    dump,
    dumps,
    list_registry_pickle_by_value,
    load,
    loads,
    register_pickle_by_value,
    unregister_pickle_by_value,
)

if sys.version_info >= (3, 12):
    # Type variables and aliases exist without it there, and are named after it.
    import typing  # noqa: F401

# Checkers know a name that is so called. To import typing takes as long as the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import contextlib
    from typing import Any

    from typing_extensions import Unpack

    from ._core import Options
    from ._shipping import Ship, Shipment
    from ._shipping.dependencies import Dependencies
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


def set_default(**options: "Unpack[Options]") -> None:
    """Set the options of this process's dumps, for where nothing nearer sets them.

    An argument of the dump comes first, then the block of options() that runs.

    class_ids: as for dumps(); None: what is built in. Options that are not named stay
        as they are.
    ship: as for dumps(); None: nothing.
    warn_local: as for dumps(); None: False.

    Raises TypeError for an option that does not exist, ValueError for a value that it
    cannot have; then nothing is changed.
    """
    _core._set_default_options("set_default", options)


def options(
    **options: "Unpack[Options]",
) -> "contextlib._GeneratorContextManager[None]":
    """A context manager for the options of the dumps in a block, or in a function.

    It holds for the thread or asyncio task that runs the block, and for tasks that are
    made in it. Blocks may be nested; what is None, or not named, is as around it.

    class_ids: as for dumps().
    ship: as for dumps().
    warn_local: as for dumps().

    Raises TypeError for an option that does not exist, ValueError for a value that it
    cannot have.
    """
    from ._options import block, checked

    return block(checked("options", options))


def shipping(ship: "Ship") -> "contextlib._GeneratorContextManager[None]":
    """A context manager: dumps in the block send modules along, as source.

    A module that travels so is executed where it is imported first, as if it had been
    installed there: what this process has changed in it since its import stays here.
    It holds for the thread or asyncio task that runs the block, as options() does.

    ship: "local": what streams name, or their code imports, and no installed
        distribution has; or a list. Its items are "local", names of modules or
        packages, modules, folders (what is in them), predicates (called with the name
        of a module or package), and shipments.

    Raises TypeError for another object, ValueError for a folder that is not there.
    """
    return options(ship=ship)


def shipment(ship: "Ship" = "local") -> "Shipment":
    """Modules that are sent once, so that streams need only name them.

    Its attribute `stream` is what is sent: pickle.loads(shipment.stream) puts the
    modules in place. What is dumped with ship=shipment names them by 32 bytes each,
    where that process has to know them; modules that are not in it travel in full.

    ship: as for shipping(). With "local" it has the local modules that are loaded now,
        and what they import.
    """
    from ._shipping import shipment

    return shipment(ship)


def dependencies(obj: "Any") -> "Dependencies":
    """What the stream of an object needs where it is loaded; nothing is shipped.

    It is pickled to find out. The answer has installed distributions with versions,
    modules of the standard library, local modules, which no distribution has, and
    modules that are nowhere; its method requirements() gives the text of a
    requirements file.

    obj: any object that can be pickled.
    """
    from ._shipping.dependencies import dependencies

    return dependencies(obj)


def with_traceback(error: BaseException) -> "Any":
    """What to send in the place of an exception, so that its traceback arrives too.

    Where the stream is loaded, by plain pickle.loads(), it is the exception itself.
    Raised there or printed, it shows the frames of the sender with files, lines,
    functions and source lines, also where there are no such files. The exceptions of
    its chain (__cause__, __context__) and of groups come with theirs, and all with the
    attributes that exceptions do not pickle, such as NameError.name.
    AttributeError.obj comes along when it can be sent and takes less than 64 KiB; to
    find out, it is pickled once more.

    The entries have no local variables and no code: debuggers see what the printed
    traceback shows. Where a file of that name has other lines, the entry's file is
    called "... (as sent)".

    error: an exception. It is not changed.

    Answers an object for dumps(), or for any pickler that can send the exception
    itself; it is of no other use. Raises TypeError when error is no exception.
    """
    from ._tracebacks import WithTraceback

    return WithTraceback(error)


__all__ = [
    "DEFAULT_PROTOCOL",
    "CloudPickler",
    "DeepRecursionError",
    "Pickler",
    "ProcessPoolExecutor",
    "Unpickler",
    "__version__",
    "dependencies",
    "dump",
    "dumps",
    "install",
    "list_registry_pickle_by_value",
    "load",
    "loads",
    "options",
    "register_pickle_by_value",
    "set_default",
    "shipment",
    "shipping",
    "uninstall",
    "unregister_pickle_by_value",
    "with_traceback",
]


def __getattr__(name: str) -> "Any":
    """Executors are imported when they are asked for."""
    if name in ("ProcessPoolExecutor", "InterpreterPoolExecutor"):
        from .integrations import executors

        return getattr(executors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "ProcessPoolExecutor"})
