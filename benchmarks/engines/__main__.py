"""``python -m benchmarks.engines ENGINE``: cloudpickle and cppickle take turns on it.

Each round gives both one turn; the ratio is the median of the ratios by round, the
times are medians. Answers are compared with what the function gives here.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.engines import clusters, work

NAMES = ("cloudpickle", "cppickle")
TASKS = 10_000
VALUES = list(range(10))


def many_tiny_tasks(cluster: Any, tasks: int) -> float:
    """Seconds for one task, of many with a function by value."""
    task, expected = work.tiny_task()
    cluster.call(task, 0)
    start = time.perf_counter()
    answers = cluster.call_many(task, tasks)
    seconds = time.perf_counter() - start
    if answers != [expected(i) for i in range(tasks)]:
        raise AssertionError("wrong answers")
    return seconds / tasks


def one_function(cluster: Any, times: int) -> float:
    """Median of the seconds from a new function with 50 dependents to its answer."""
    cluster.call(work.function_with_dependents(), VALUES)
    samples = []
    for _ in range(times):
        function = work.function_with_dependents()
        expected = function(VALUES)
        start = time.perf_counter()
        answer = cluster.call(function, VALUES)
        samples.append(time.perf_counter() - start)
        if answer != expected:
            raise AssertionError("wrong answer")
    return statistics.median(samples)


def in_turns(
    cluster: Any, rounds: int, measures: list[Callable[[Any], float]], advance: Any
) -> list[dict[str, list[float]]]:
    """What each measure gave for each name, by round."""
    found = [{name: [] for name in NAMES} for _ in measures]
    for number in range(rounds):
        for name in NAMES if number % 2 else reversed(NAMES):
            cluster.use(name)
            for measure, samples in zip(measures, found, strict=True):
                samples[name].append(measure(cluster))
            advance()
    return found


def row(what: str, samples: dict[str, list[float]], shown: Callable[[float], str]):
    theirs, ours = samples["cloudpickle"], samples["cppickle"]
    ratio = statistics.median(t / o for t, o in zip(theirs, ours, strict=True))
    medians = (shown(statistics.median(times)) for times in (theirs, ours))
    return [what, *medians, f"{ratio:.2f}x"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.engines", description=__doc__)
    parser.add_argument("engine", choices=clusters.CLUSTERS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(options.engine, total=2 * options.rounds)
        cluster = clusters.CLUSTERS[options.engine]()
        try:
            tasks, functions = in_turns(
                cluster,
                options.rounds,
                [
                    lambda cluster: many_tiny_tasks(cluster, options.tasks),
                    lambda cluster: one_function(cluster, options.times),
                ],
                lambda: progress.advance(bar),
            )
        finally:
            cluster.close()
    table = Table(title=f"{options.engine}: {cluster.note}")
    for column in ("workload", *NAMES, "ratio"):
        table.add_column(column, justify="left" if column == "workload" else "right")
    table.add_row(
        *row(f"{options.tasks:,} tiny tasks", tasks, lambda s: f"{1 / s:,.0f}/s")
    )
    table.add_row(
        *row(
            f"a new function with {work.DEPENDENTS} dependents",
            functions,
            lambda s: f"{s * 1e3:.2f} ms",
        )
    )
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
