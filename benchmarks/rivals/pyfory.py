"""pyfory: a C++ engine with a format of its own, needed on both sides.

References are tracked, as pickle does. It sends functions by value; a datetime
without a time zone comes back with one, classes by value are lost or refused, and so
are complex numbers, deques and integers of more than 64 bits.
"""

import pyfory

from benchmarks.rivals.base import DATA, FUNCTIONS, Rival

RIVAL = Rival(
    name="pyfory",
    version=pyfory.__version__,
    supports=frozenset({DATA, FUNCTIONS}),
    namespace={
        "fory": pyfory.Fory(
            xlang=False,
            ref=True,
            strict=False,
            max_depth=10_000,
            max_graph_memory_bytes=1 << 34,
            max_unbacked_container_items=1 << 30,
        )
    },
    dumps="fory.serialize(obj)",
    loads="fory.deserialize(stream)",
)
