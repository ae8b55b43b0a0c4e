"""Objects that are pickled by what their reduce methods answer."""

import collections
import decimal
import fractions
import pathlib
import uuid
from collections.abc import Callable

from benchmarks.rivals.base import DATA, REDUCED
from benchmarks.workloads.arrays import NUMPY, array, columns
from benchmarks.workloads.base import Workload, data, itself
from benchmarks.workloads.importable import (
    Answering,
    Listing,
    Place,
    Stateful,
    Versioned,
)

COUNT = 100
BY_REDUCE = {"needs": frozenset({DATA, REDUCED})}


def many(
    name: str, make: Callable[[int], object], observe=itself, **options
) -> Workload:
    """A list of such objects, each one new."""
    return data(
        f"{COUNT} {name}",
        lambda: [make(i) for i in range(COUNT)],
        observe=observe,
        **options,
    )


def one(name: str, make: Callable[[], object], observe=itself, **options) -> Workload:
    return data(name, make, observe=observe, **options)


def attributes(objects: list[object]) -> list[object]:
    return [vars(obj) for obj in objects]


def float64s() -> list[object]:
    return list(array(COUNT))


def arrays() -> list[object]:
    return [array(10) for _ in range(COUNT)]


def small_frame() -> object:
    import numpy
    import pandas

    return pandas.DataFrame(numpy.arange(40.0).reshape(10, 4), columns=list("abcd"))


WORKLOADS = (
    many("objects with __reduce__", Answering, attributes),
    many("objects with __reduce_ex__", Versioned, attributes),
    many("objects with __getstate__", Stateful, attributes),
    many("UUIDs", lambda i: uuid.UUID(int=i << 64 | i), **BY_REDUCE),
    many("Decimals", lambda i: decimal.Decimal(i) / 7),
    many("Fractions", lambda i: fractions.Fraction(i, 7)),
    many("Paths", lambda i: pathlib.PurePosixPath("/data", f"part {i}")),
    many("named tuples", lambda i: Place(f"place {i}", i * 0.5, i)),
    many("complex numbers", lambda i: complex(i, -i), **BY_REDUCE),
    many("ranges", lambda i: range(i, 10 * i)),
    many("slices", lambda i: slice(i, 2 * i), str),
    many("big ints", lambda i: 7 ** (100 + i), **BY_REDUCE),
    many("deques of 10", lambda i: collections.deque(range(i, i + 10)), **BY_REDUCE),
    many("sets of 10", lambda i: set(range(i, i + 10))),
    many("frozensets of 10", lambda i: frozenset(range(i, i + 10))),
    many("derived lists of 10", lambda i: Listing(range(i, i + 10))),
    one("deque of 100", lambda: collections.deque(range(100)), **BY_REDUCE),
    one("set of 100", lambda: {f"item {i}" for i in range(100)}),
    one("derived list of 100", lambda: Listing(range(100))),
    one("100 np.float64", float64s, **NUMPY),
    one("100 ndarrays of 10 floats", arrays, str, **NUMPY),
    one("DataFrame 10 x 4", small_frame, columns, modules=("numpy", "pandas")),
)
