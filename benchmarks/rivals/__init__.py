"""The contenders. A file for each; a rival that is not installed is left out."""

from __future__ import annotations

import functools
import importlib

from benchmarks.rivals.base import Rival

# The order of the columns. The first is the one the others are compared with.
NAMES = ("cppickle", "cloudpickle", "pickle", "dill", "pyfory")
SUBJECT = NAMES[0]


@functools.cache
def find() -> tuple[dict[str, Rival], dict[str, str]]:
    """The rivals that can be imported, and why the others cannot."""
    present, missing = {}, {}
    for name in NAMES:
        try:
            present[name] = importlib.import_module(f"{__name__}.{name}").RIVAL
        except ImportError as error:
            missing[name] = str(error)
    return present, missing


__all__ = ["NAMES", "SUBJECT", "Rival", "find"]
