"""PySpark.

On the driver, and by the documented setting on its executors::

    import cppickle.integrations.spark
    conf = SparkConf().setAll(cppickle.integrations.spark.settings().items())
    cppickle.integrations.spark.install()
    sc = SparkContext(conf=conf)

or ``spark-submit --conf spark.python.daemon.module=cppickle.integrations.spark``.
Executors need not have cppickle: leave the setting out and they load what the driver
sends, and return what PySpark's own pickler can.

PySpark carries a cloudpickle of its own, ``pyspark.cloudpickle``, and looks its names
up at each call. They are bound to cppickle's: for commands, UDFs, broadcasts, and all
data of RDDs.
"""

import pickle
import sys
import types
from typing import TYPE_CHECKING, Any

from . import EngineError
from ._switch import REGISTRY, Switch, adopt_registry, cppickle_with, engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "install", "installed", "settings", "uninstall"]

MINIMUM = "3.4"
DAEMON = "spark.python.daemon.module"
NAME = "cppickle.integrations.spark"  # executors run it, and there __name__ is another

_switch = Switch()


def available() -> bool:
    """Whether PySpark can be imported here."""
    return found("pyspark")


def installed() -> bool:
    """Whether PySpark pickles with cppickle in this process."""
    return _switch.on


def settings() -> dict[str, str]:
    """The settings of Spark that switch the executors, to be made before it starts.

    Raises:
        EngineError: a SparkContext runs already, whose executors use another daemon.
    """
    module = sys.modules.get("pyspark")
    context = module and module.SparkContext._active_spark_context
    if context and context.getConf().get(DAEMON) != NAME:
        raise EngineError(
            "a SparkContext runs already: stop it, executors are chosen when it starts"
        )
    return {DAEMON: NAME}


def install(**options: "Unpack[Options]") -> None:
    """Have PySpark pickle with cppickle in this process.

    Args:
        options: of what is dumped here, as for ``cppickle.dumps``. Executors answer as
            by default.

    Raises:
        EngineError: PySpark is missing or too old.
    """
    if _switch.on:
        return
    sending = cppickle_with(**options)
    package = engine("pyspark.cloudpickle", "pyspark", MINIMUM)
    module = engine("pyspark.cloudpickle.cloudpickle", "pyspark", MINIMUM)
    broadcast = _broadcast_module()
    adopt_registry(module)
    names: dict[str, Any] = {
        "Pickler": sending.Pickler,
        "CloudPickler": sending.Pickler,
        "dump": sending.dump,
        "dumps": sending.dumps,
        **REGISTRY,
    }
    _switch.turn_on(
        [
            (owner, name, value)
            for owner in (package, module)
            for name, value in names.items()
            if hasattr(owner, name)
        ]
        + [(broadcast, "pickle", _pickle_by_value(sending))]
    )


def uninstall() -> None:
    """Undo `install()` in this process."""
    _switch.turn_off()


def _broadcast_module() -> Any:
    try:
        return engine("pyspark.core.broadcast", "pyspark", MINIMUM)
    except EngineError:
        return engine("pyspark.broadcast", "pyspark", MINIMUM)  # before 4.0


def _pickle_by_value(sending: Any) -> Any:
    """``pickle`` with a ``dump`` of ours: broadcasts do not use cloudpickle."""
    stand_in: Any = types.ModuleType("pickle")
    vars(stand_in).update(vars(pickle))
    stand_in.dump = sending.dump
    return stand_in


def _run_daemon() -> None:
    """Be ``pyspark.daemon``, switched: what its fork()ed workers inherit."""
    # The module of this name has the switch's state, not __main__.
    from cppickle.integrations import spark

    spark.install()
    from pyspark.daemon import manager

    manager()


if __name__ == "__main__":
    _run_daemon()
