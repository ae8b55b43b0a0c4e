"""cloudpickle's module surface, and install(), which puts it under cloudpickle's name.

Nothing here is needed to dump or load; it is imported when it is first used.
"""

from . import surface
from .foreign import reduce_for_others
from .installing import install, installed, uninstall

__all__ = ["install", "installed", "reduce_for_others", "surface", "uninstall"]
