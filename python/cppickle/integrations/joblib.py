"""joblib and loky.

Either in the environment, before Python starts::

    LOKY_PICKLER=cppickle python program.py

or in the program::

    import cppickle.integrations.joblib
    cppickle.integrations.joblib.install()
    joblib.Parallel(n_jobs=2)(joblib.delayed(lambda x: x * x)(i) for i in range(10))

The name of the pickler travels with each task, so workers are switched as they get one;
they have to have cppickle. This works for joblib's own copy of loky, for loky itself,
and for joblib before 1.6, which has a copy of cloudpickle.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

import cppickle

from . import EngineError
from ._switch import Switch, adopt_registry, cppickle_with, engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "install", "installed", "uninstall"]

_LOKIES = {"joblib": ("joblib.externals.loky", "1.2"), "loky": ("loky", "3.0")}

_switch = Switch()
_pickler_names: list[tuple[Any, str]] = []


def available() -> bool:
    """Whether joblib or loky can be imported here."""
    return any(map(found, _LOKIES))


def installed() -> bool:
    """Whether joblib's or loky's pickler in this process is cppickle's."""
    loaded = (
        sys.modules.get(f"{loky}.backend.reduction") for loky, _ in _LOKIES.values()
    )
    return any(
        module is not None and module.get_loky_pickler_name() == cppickle.__name__
        for module in loaded
    )


def install(**options: "Unpack[Options]") -> None:
    """Have joblib and loky pickle with cppickle, in this process and its workers.

    Args:
        options: of what is dumped here, as for ``cppickle.dumps``. Workers answer as by
            default.

    Raises:
        EngineError: neither is installed, or a release that is too old.
    """
    if _pickler_names:
        return
    sending = cppickle_with(**options)
    if not available():
        raise EngineError("neither joblib nor loky is installed here")
    wrappers = []
    for name, (loky, minimum) in _LOKIES.items():
        if found(name):
            engine(name, name, minimum)
            reduction = importlib.import_module(f"{loky}.backend.reduction")
            _pickler_names.append((reduction, reduction.get_loky_pickler_name()))
            wrappers.append(importlib.import_module(f"{loky}.cloudpickle_wrapper"))
    for copy in ("cloudpickle", "joblib.externals.cloudpickle"):
        if copy in sys.modules:
            adopt_registry(sys.modules[copy])
    for reduction, _ in _pickler_names:
        reduction.set_loky_pickler(cppickle.__name__)
    _switch.turn_on(
        [(module, "dumps", sending.dumps) for module in wrappers]
        + [(module, "loads", cppickle.loads) for module in wrappers]
        + [
            # The name by which loky itself finds the class of its picklers.
            (reduction, "_LokyPickler", _pickler_with(reduction, options))
            for reduction, _ in _pickler_names
            if options
        ]
    )


def _pickler_with(reduction: Any, options: "Options") -> type[cppickle.Pickler]:
    """loky's class with options, in a block: it passes no other arguments to ours."""
    base: Any = reduction.get_loky_pickler()

    class Pickler(base):
        def dump(self, obj: object) -> None:
            with cppickle.options(**options):
                super().dump(obj)

    made: type[cppickle.Pickler] = Pickler
    return made


def uninstall() -> None:
    """Undo `install()`."""
    _switch.turn_off()
    while _pickler_names:
        reduction, name = _pickler_names.pop()
        reduction.set_loky_pickler(name)
