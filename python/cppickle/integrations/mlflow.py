"""MLflow.

Python models that are saved go through cppickle after ::

    import cppickle.integrations.mlflow
    cppickle.integrations.mlflow.install()
    mlflow.pyfunc.save_model(path, python_model=Model())

Whoever loads the model needs no cppickle. The version of cloudpickle that MLflow
records beside the model stays that of the installed cloudpickle.
"""

import types
from typing import TYPE_CHECKING, Any

import cppickle

from ._switch import Switch, adopt_registry, cppickle_with, engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "install", "installed", "uninstall"]

MINIMUM = "2.10"

_switch = Switch()


def available() -> bool:
    """Whether MLflow can be imported here."""
    return found("mlflow")


def installed() -> bool:
    """Whether MLflow pickles with cppickle in this process."""
    return _switch.on


def install(**options: "Unpack[Options]") -> None:
    """Have MLflow pickle Python models with cppickle.

    Args:
        options: of what is dumped here, as for ``cppickle.dumps``.

    Raises:
        EngineError: MLflow is missing or too old.
    """
    if _switch.on:
        return
    sending = cppickle_with(**options)
    distribution = "mlflow" if _has_distribution("mlflow") else "mlflow-skinny"
    model = engine("mlflow.pyfunc.model", distribution, MINIMUM)
    adopt_registry(model.cloudpickle)
    stand_in: Any = types.ModuleType("cloudpickle", cppickle.__doc__)
    for name in cppickle.__all__:
        setattr(stand_in, name, getattr(sending, name))
    stand_in.__version__ = model.cloudpickle.__version__
    _switch.turn_on([(model, "cloudpickle", stand_in)])


def uninstall() -> None:
    """Undo `install()` in this process."""
    _switch.turn_off()


def _has_distribution(name: str) -> bool:
    import importlib.metadata

    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
