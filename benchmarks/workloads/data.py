"""Plain data: what every pickler can do."""

import datetime

from benchmarks.rivals.base import DATA, DEPTH, NAIVE_DATETIMES
from benchmarks.workloads.base import (
    DEFAULT_MEMORY,
    QUIET_MEMORY,
    Workload,
    data,
)

BIG = {"memory": (QUIET_MEMORY,)}
BOTH = {"memory": (QUIET_MEMORY, DEFAULT_MEMORY)}

_held: list[list[str]] = []


def strings() -> list[str]:
    return [f"string number {i}" for i in range(100_000)]


def strings_held_elsewhere() -> list[str]:
    made = strings()
    _held[:] = [made.copy()]
    return made


def dict_of_100k() -> dict[str, int]:
    return {f"key {i}": i for i in range(100_000)}


def json_like() -> object:
    """About 1 MB, with the keys shared as ``json.loads`` shares them."""
    customers = [
        {
            "id": i,
            "name": f"customer {i}",
            "active": i % 3 == 0,
            "score": i * 0.37,
            "address": {"street": f"{i} Main Street", "zip": f"{10_000 + i}"},
            "tags": [f"red {i % 7}", f"green {i % 9}"],
            "orders": [{"sku": i + j, "count": j, "note": None} for j in range(3)],
        }
        for i in range(6_000)
    ]
    return {"version": 1, "customers": customers}


def datetimes() -> list[datetime.datetime]:
    start = datetime.datetime(2024, 2, 29, 12, 30)
    return [
        start + datetime.timedelta(seconds=i, microseconds=i) for i in range(10_000)
    ]


def nested_lists(depth: int) -> list[object]:
    nested: list[object] = []
    for _ in range(depth):
        nested = [nested]
    return nested


def depth_of(nested: list[object]) -> int:
    depth = 0
    while nested:
        nested = nested[0]
        depth += 1
    return depth


WORKLOADS = (
    data("None", lambda: None),
    data("small dict", lambda: {"id": 7, "name": "seven", "share": 0.7, "tags": None}),
    data("1M ints", lambda: list(range(1_000_000, 2_000_000)), **BOTH),
    data("1M small ints", lambda: [i % 256 for i in range(1_000_000)], **BIG),
    data("100k floats", lambda: [i * 0.1 for i in range(100_000)], **BIG),
    data("100k strings", strings, **BIG),
    data("100k strings others hold", strings_held_elsewhere, **BIG),
    data("dict of 100k", dict_of_100k, **BIG),
    data("nested JSON-like 1 MB", json_like, **BIG),
    data("100k tuples", lambda: [(i, i + 1) for i in range(100_000)], **BIG),
    data(
        "10k datetimes",
        datetimes,
        needs=frozenset({DATA, NAIVE_DATETIMES}),
    ),
    data("nesting 900 deep", lambda: nested_lists(900), observe=depth_of),
    Workload(
        "nesting 1M deep",
        lambda: nested_lists(1_000_000),
        observe=depth_of,
        needs=frozenset({DATA, DEPTH}),
        memory=(QUIET_MEMORY,),
    ),
)
