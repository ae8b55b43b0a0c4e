"""Functions and instances in the shapes in which engines send them."""

import functools
from collections.abc import Callable
from concurrent.futures.process import _CallItem

from benchmarks.rivals.base import FUNCTIONS
from benchmarks.workloads.base import InMain, Workload

SOURCE = '''
import json
import math

def one(x):
    return x * 2 + 1

def ten(xs, scale=2.0):
    """Ten lines that name a package."""
    total = 0.0
    for i, x in enumerate(xs):
        if x is None:
            continue
        total += math.sqrt(abs(x)) * scale + i
        if total > 1e9:
            break
    name = json.dumps({"total": total, "n": len(xs)})
    return total, name

class Model:
    def __init__(self, weight):
        self.weight = weight

    def fit(self, x):
        return self.weight * x
'''

ONE = InMain(SOURCE, "one")
TEN = InMain(SOURCE, "ten")
MODEL = InMain(SOURCE, "Model")


def _batch() -> object:
    function = TEN()
    return [(function, ([i],), {"scale": 3.0}) for i in range(10)]


def _models() -> object:
    model = MODEL()
    return [model(3), model(4)]


def _row(
    name: str, build: Callable[[], object], observe: Callable[[object], object]
) -> Workload:
    return Workload(name, build, observe=observe, needs=frozenset({FUNCTIONS}))


WORKLOADS = (
    _row("task (f, args)", lambda: (ONE(), (3,)), lambda t: (t[0](*t[1]), t[1])),
    _row(
        "task (f of ten lines, args)",
        lambda: (TEN(), ([1, 2],)),
        lambda t: (t[0](*t[1]), t[1]),
    ),
    _row("task (args, f)", lambda: ((3,), ONE()), lambda t: (t[0], t[1](*t[0]))),
    _row(
        "item of concurrent.futures",
        lambda: _CallItem(7, TEN(), ([1, 2],), {}),
        lambda item: (item.work_id, item.fn(*item.args, **item.kwargs)),
    ),
    _row(
        "batch of joblib",
        _batch,
        lambda batch: [f(*args, **kwargs) for f, args, kwargs in batch],
    ),
    _row(
        "task of dask",
        lambda: {"function": TEN(), "args": ([1, 2],), "kwargs": {}},
        lambda task: task["function"](*task["args"], **task["kwargs"]),
    ),
    _row(
        "partial of a function",
        lambda: functools.partial(ONE(), 3),
        lambda partial: partial(),
    ),
    _row(
        "bound method of an instance",
        lambda: MODEL()(3).fit,
        lambda method: method(5),
    ),
    _row(
        "instances in a list",
        _models,
        lambda models: [model.fit(5) for model in models],
    ),
)
