"""pickle: the standard library's, in C. Sends functions and classes by name only."""

import pickle
import platform

from benchmarks.rivals.base import BUFFERS, DATA, NAIVE_DATETIMES, REDUCED, Rival

RIVAL = Rival(
    name="pickle",
    version=platform.python_version(),
    supports=frozenset({DATA, NAIVE_DATETIMES, REDUCED, BUFFERS}),
    namespace={"pickle": pickle},
    dumps="pickle.dumps(obj, 5)",
    loads="pickle.loads(stream)",
    dumps_out_of_band=(
        "pickle.dumps(obj, 5, buffer_callback=(buffers := []).append), buffers"
    ),
    loads_out_of_band="pickle.loads(stream[0], buffers=stream[1])",
)
