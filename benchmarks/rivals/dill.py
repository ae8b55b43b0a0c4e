"""dill: functions and classes by value, in Python.

``recurse=True`` sends the globals that a function uses, as cloudpickle does; the
default would send the function's whole namespace.
"""

import dill

from benchmarks.rivals.base import (
    CLASSES,
    DATA,
    FUNCTIONS,
    NAIVE_DATETIMES,
    REDUCED,
    Rival,
)

RIVAL = Rival(
    name="dill",
    version=dill.__version__,
    supports=frozenset({DATA, NAIVE_DATETIMES, REDUCED, FUNCTIONS, CLASSES}),
    namespace={"dill": dill},
    dumps="dill.dumps(obj, 5, recurse=True)",
    loads="dill.loads(stream)",
)
