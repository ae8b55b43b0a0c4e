"""cloudpickle: the library whose API cppickle has."""

import pickle

import cloudpickle

from benchmarks.rivals.base import (
    BUFFERS,
    CLASSES,
    DATA,
    FUNCTIONS,
    NAIVE_DATETIMES,
    REDUCED,
    Rival,
)

RIVAL = Rival(
    name="cloudpickle",
    version=cloudpickle.__version__,
    supports=frozenset({DATA, NAIVE_DATETIMES, REDUCED, FUNCTIONS, CLASSES, BUFFERS}),
    namespace={"cloudpickle": cloudpickle, "pickle": pickle},
    dumps="cloudpickle.dumps(obj)",
    loads="pickle.loads(stream)",
    dumps_out_of_band=(
        "cloudpickle.dumps(obj, buffer_callback=(buffers := []).append), buffers"
    ),
    loads_out_of_band="pickle.loads(stream[0], buffers=stream[1])",
)
