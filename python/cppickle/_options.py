"""The options of a block, and what Python code does with options.

The list of options is in _core; its dumps read the variable of this module.
"""

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from . import _core

if TYPE_CHECKING:
    from ._core import Options

NAMES = frozenset(_core._options())

_current: "ContextVar[Options]" = ContextVar("cppickle.options")


def checked(function: str, options: Mapping[str, Any]) -> "Options":
    """The options that are not None; see set_default() for what is raised."""
    return _core._checked_options(function, dict(options))


@contextlib.contextmanager
def block(options: "Options") -> Iterator[None]:
    """Within it these options hold, and of those around it the others."""
    _core._read_block_options(_current)  # dumps do not look before there is a block
    token = _current.set(merged(options))
    try:
        yield
    finally:
        _current.reset(token)


def merged(options: "Options") -> "Options":
    """The options of the blocks that run here, and `options` before them."""
    around: Options = _current.get({})
    return {**around, **options}
