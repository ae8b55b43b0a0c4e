"""More of the same: the time per item must stay flat from 1k to 1M items.

``python -m benchmarks growth`` starts this module once for each series:
``python -m benchmarks.growth OPTIONS``, which answers in JSON as ``row.py`` does.
Only times are looked at here: the rows compare what comes out.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks import rivals, runner
from benchmarks.report import NOTHING, Sheet, duration, times
from benchmarks.workloads import data
from benchmarks.workloads.base import QUIET_MEMORY, InMain
from benchmarks.workloads.importable import Order, Slotted

SIZES = (1_000, 10_000, 100_000, 1_000_000)
# A series ends where the next size would take longer, should time grow tenfold.
SECONDS_FOR_A_SIZE = 20.0
SECONDS_FOR_REPEATS = 0.5
REPEATS = 50

NODES = """
class Node:
    def __init__(self, following):
        self.following = following

def chain(length):
    node = None
    for _ in range(length):
        node = Node(node)
    return node
"""

CLOSURES = """
def wrap(inner):
    return lambda x: inner(x) + 1

def chain(length):
    function = abs
    for _ in range(length):
        function = wrap(function)
    return function
"""

ADDERS = """
def adder(n):
    return lambda x: x + n
"""

LAMBDAS = """
def renamed(number, function=lambda x: x + 1):
    code = function.__code__.replace(co_name=f"lambda{number}")
    return type(function)(code, function.__globals__)
"""

POINT = """
class Point:
    def __init__(self, x):
        self.x = x
"""


def _in_main(source: str, expression: str) -> Callable[[int], object]:
    return lambda n: InMain(source, expression.format(n=n))()


SERIES: dict[str, Callable[[int], object]] = {
    "ints": lambda n: list(range(n)),
    "strings": lambda n: [f"string number {i}" for i in range(n)],
    "tuples": lambda n: [(i, i + 1) for i in range(n)],
    "dict items": lambda n: {f"key {i}": i for i in range(n)},
    "nested lists": data.nested_lists,
    "instances": lambda n: [Order(i) for i in range(n)],
    "__slots__ instances": lambda n: [Slotted(i) for i in range(n)],
    "instances of a __main__ class": _in_main(POINT, "[Point(i) for i in range({n})]"),
    "linked __main__ nodes": _in_main(NODES, "chain({n})"),
    "closures of one lambda": _in_main(ADDERS, "[adder(i) for i in range({n})]"),
    "closures in each other": _in_main(CLOSURES, "chain({n})"),
    "distinct lambdas": _in_main(LAMBDAS, "[renamed(i) for i in range({n})]"),
}


def measure(series: str, rival: rivals.Rival) -> dict[str, object]:
    """Seconds per item of dumps and loads at each size, as far as it gets."""
    points = []
    for n in SIZES:
        obj = SERIES[series](n)
        try:
            dumps = _best(lambda obj=obj: rival.evaluate(rival.dumps, obj=obj))
            stream = rival.evaluate(rival.dumps, obj=obj)
            del obj
            loads = _best(lambda s=stream: rival.evaluate(rival.loads, stream=s))
        except Exception as error:
            note = f"{type(error).__name__} at {n:,} items"
            errors = [note] if rival.name == rivals.SUBJECT else []
            return {"points": points, "note": note, "errors": errors}
        points.append({"items": n, "dumps": dumps / n, "loads": loads / n})
        if max(dumps, loads) * 10 > SECONDS_FOR_A_SIZE:
            break
    return {"points": points, "note": "", "errors": []}


def _best(action: Callable[[], object]) -> float:
    gc.collect()
    gc.freeze()
    best = spent = 0.0
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        seconds = time.perf_counter() - start
        best = min(best or seconds, seconds)
        spent += seconds
        if spent > SECONDS_FOR_REPEATS:
            break
    return best


def run(
    pattern: str | None, rival: str, progress: Callable[[str], None]
) -> list[dict[str, object]]:
    answers = []
    for series in SERIES:
        if not runner.matches(series, pattern):
            continue
        progress(series)
        options = {"series": series, "rival": rival}
        answer = runner.run_module("benchmarks.growth", options, QUIET_MEMORY)
        answers.append({"workload": series, "memory": QUIET_MEMORY, **answer})
    return answers


def sheets(answers: Sequence[Mapping[str, object]], rival: str) -> Iterator[Sheet]:
    """A table for each direction: time per item, and its growth in all."""
    for operation in ("dumps", "loads"):
        yield Sheet(
            f"{operation} of {rival}: time per item",
            ("series", *(f"{n:,}" for n in SIZES), "last / first", "note"),
            [_line(answer, operation) for answer in answers if "points" in answer],
        )


def _line(answer: Mapping[str, object], operation: str) -> tuple[str, ...]:
    seconds = [point[operation] for point in answer["points"]]
    cells = [duration(value) for value in seconds]
    cells += [NOTHING] * (len(SIZES) - len(cells))
    growth = times(seconds[-1] / seconds[0]) if seconds else NOTHING
    return (answer["workload"], *cells, growth, answer["note"])


def main() -> None:
    options = json.loads(sys.argv[1])
    rival = rivals.find()[0][options["rival"]]
    json.dump(measure(options["series"], rival), sys.stdout)


if __name__ == "__main__":
    main()
