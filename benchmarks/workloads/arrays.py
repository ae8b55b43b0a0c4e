"""Buffers: bytes, numpy arrays and pandas frames."""

from benchmarks.rivals.base import BUFFERS
from benchmarks.workloads.base import (
    DEFAULT_MEMORY,
    QUIET_MEMORY,
    data,
)

SIZE = 100_000_000
BOTH = {"memory": (DEFAULT_MEMORY, QUIET_MEMORY)}
NUMPY = {"modules": ("numpy",)}


def array(length: int) -> object:
    import numpy

    return numpy.arange(length, dtype="float64")


def as_bytes(array) -> bytes:
    return array.tobytes()


def frame() -> object:
    import numpy
    import pandas

    rows = 100_000
    return pandas.DataFrame(
        {
            "number": numpy.arange(rows),
            "share": numpy.linspace(0.0, 1.0, rows),
            "even": numpy.arange(rows) % 2 == 0,
            "name": [f"row {i}" for i in range(rows)],
        }
    )


def columns(frame) -> dict[str, list[object]]:
    return {name: column.tolist() for name, column in frame.items()}


WORKLOADS = (
    data("bytes 100 MB", lambda: b"\xa5" * SIZE, **BOTH),
    data("ndarray 100 MB", lambda: array(SIZE // 8), observe=as_bytes, **BOTH, **NUMPY),
    data(
        "ndarray 100 MB out-of-band",
        lambda: array(SIZE // 8),
        observe=as_bytes,
        needs=frozenset({BUFFERS}),
        out_of_band=True,
        **NUMPY,
    ),
    data("ndarray of 10 floats", lambda: array(10), observe=as_bytes, **NUMPY),
    data(
        "DataFrame 100k x 4",
        frame,
        observe=columns,
        memory=(QUIET_MEMORY,),
        modules=("numpy", "pandas"),
    ),
)
