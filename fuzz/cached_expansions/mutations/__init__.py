"""The kinds of mutation: each a function that gives a statement.

A statement may fail, where what it changes has another form: then it changes nothing.
"""

from fuzz.cached_expansions.mutations import (  # noqa: F401
    classes,
    containers,
    functions,
    instances,
    more_classes,
    process,
)
from fuzz.cached_expansions.mutations.table import TABLE

__all__ = ["TABLE"]
