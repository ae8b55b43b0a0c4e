"""cppickle: this project. Its streams are loaded by plain ``pickle.loads``."""

import pickle

import cppickle
from benchmarks.rivals.base import (
    BUFFERS,
    CLASSES,
    DATA,
    DEPTH,
    FUNCTIONS,
    NAIVE_DATETIMES,
    REDUCED,
    Rival,
)

_has_own_loads = cppickle.loads is not pickle.loads

RIVAL = Rival(
    name="cppickle",
    version=cppickle.__version__,
    supports=frozenset(
        {DATA, NAIVE_DATETIMES, REDUCED, FUNCTIONS, CLASSES, BUFFERS, DEPTH}
    ),
    namespace={"cppickle": cppickle, "pickle": pickle},
    dumps="cppickle.dumps(obj)",
    loads="pickle.loads(stream)",
    dumps_out_of_band=(
        "cppickle.dumps(obj, buffer_callback=(buffers := []).append), buffers"
    ),
    loads_out_of_band="pickle.loads(stream[0], buffers=stream[1])",
    own_loads="cppickle.loads(stream)" if _has_own_loads else "",
    own_loads_out_of_band=(
        "cppickle.loads(stream[0], buffers=stream[1])" if _has_own_loads else ""
    ),
)
