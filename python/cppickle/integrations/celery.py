"""Celery and kombu.

cppickle registers itself as the serializer "cppickle" by an entry point that kombu reads.
The user chooses it, on the client and on the workers::

    app.conf.update(
        task_serializer="cppickle",
        result_serializer="cppickle",
        accept_content=["cppickle"],
    )

or ``app.conf.update(cppickle.integrations.celery.settings())``. What is accepted is loaded
by ``pickle``, so accept it only from a broker that you trust.
"""

import pickle
from typing import Any

import cppickle

from ._switch import engine, found

__all__ = ["available", "install", "installed", "settings", "uninstall"]

MINIMUM = "5.2"
NAME = "cppickle"
CONTENT_TYPE = "application/x-cppickle"


def _loads(stream: Any) -> Any:
    return pickle.loads(stream)


# What kombu passes to register(), read by the entry point in pyproject.toml.
SERIALIZER = (cppickle.dumps, _loads, CONTENT_TYPE, "binary")


def available() -> bool:
    """Whether kombu can be imported here."""
    return found("kombu")


def installed() -> bool:
    """Whether kombu knows the serializer in this process."""
    if not available():
        return False
    registry = engine("kombu.serialization", "kombu", MINIMUM).registry
    return NAME in registry.name_to_type


def install() -> None:
    """Register the serializer. Needed only where entry points are not read.

    Raises:
        EngineError: kombu is missing or too old.
    """
    engine("kombu.serialization", "kombu", MINIMUM).register(NAME, *SERIALIZER)


def uninstall() -> None:
    """Remove the serializer from kombu's registry in this process."""
    if installed():
        engine("kombu.serialization", "kombu", MINIMUM).unregister(NAME)


def settings() -> dict[str, Any]:
    """The settings of a Celery application that use cppickle, and only that."""
    return {
        "task_serializer": NAME,
        "result_serializer": NAME,
        "accept_content": [NAME],
    }
