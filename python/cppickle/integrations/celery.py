"""Celery and kombu.

In the module of the application, which the client and the workers import::

    import cppickle.integrations.celery
    app = celery.Celery("jobs", broker=..., backend=...)
    cppickle.integrations.celery.install(app)

With kombu alone the serializer "cppickle" is there once cppickle is installed: kombu
finds it by an entry point. What is accepted is loaded by ``pickle``, so accept it only
from a broker that you trust.
"""

import functools
import pickle
from typing import TYPE_CHECKING, Any

import cppickle

from ._switch import Switch, cppickle_with, engine, found

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._core import Options

__all__ = ["available", "install", "installed", "settings", "uninstall"]

MINIMUM = "5.2"
NAME = "cppickle"
CONTENT_TYPE = "application/x-cppickle"


def _loads(stream: Any) -> Any:
    return pickle.loads(stream)


# What kombu passes to register(), read by the entry point in pyproject.toml.
SERIALIZER = (cppickle.dumps, _loads, CONTENT_TYPE, "binary")

_pool = Switch()
_sending: Any = cppickle  # what install() chose


def available() -> bool:
    """Whether kombu can be imported here."""
    return found("kombu")


def installed() -> bool:
    """Whether kombu knows the serializer in this process."""
    if not available():
        return False
    registry = engine("kombu.serialization", "kombu", MINIMUM).registry
    return NAME in registry.name_to_type


def settings() -> dict[str, Any]:
    """The settings of a Celery application that use cppickle, and accept only that."""
    return {
        "task_serializer": NAME,
        "result_serializer": NAME,
        "accept_content": [NAME],
    }


def install(app: Any = None, **options: "Unpack[Options]") -> None:
    """Register the serializer, and have an application use it.

    Args:
        app: a ``celery.Celery``, before its worker starts. None: only register.
        options: of what is dumped here, as for ``cppickle.dumps``.

    Raises:
        EngineError: kombu or Celery is missing or too old.
    """
    global _sending
    _sending = cppickle_with(**options)
    serialization = engine("kombu.serialization", "kombu", MINIMUM)
    serialization.register(NAME, _sending.dumps, *SERIALIZER[1:])
    if app is not None:
        signals = engine("celery.signals", "celery", MINIMUM)
        signals.worker_init.connect(_switch_pool)
        app.conf.update(settings())


def uninstall() -> None:
    """Remove the serializer from kombu's registry in this process.

    An application's settings stay as they are: choose another serializer there.
    """
    _pool.turn_off()
    if installed():
        engine("kombu.serialization", "kombu", MINIMUM).unregister(NAME)


def _switch_pool(**_: Any) -> None:
    """For a worker, which loads tasks and pickles them again for its processes."""
    pool = engine("celery.concurrency.asynpool", "celery", MINIMUM).AsynPool
    write = functools.partialmethod(pool._create_write_handlers, dumps=_sending.dumps)
    _pool.turn_on([(pool, "_create_write_handlers", write)])
