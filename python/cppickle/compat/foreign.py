"""Reduce values for picklers that are not cppickle's."""

import pickle
import types
from typing import Any

from .. import _core
from . import surface


def reduce_for_others(obj: Any) -> Any:
    """The reduce value of a function or class by value; NotImplemented for the rest.

    It holds a stream of its own, which needs nothing but the standard library, and
    shares nothing with the stream around it but the identity of classes.
    """
    by_reference = vars(surface.modules()[surface.MAIN])["_should_pickle_by_reference"]
    by_value = isinstance(obj, (types.FunctionType, type)) and not by_reference(obj)
    return (pickle.loads, (_core.dumps(obj),)) if by_value else NotImplemented
