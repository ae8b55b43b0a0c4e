"""Data in a stream with code: what an engine sends with a function, or it names."""

from collections.abc import Callable

from benchmarks.rivals.base import DATA, FUNCTIONS
from benchmarks.workloads.base import QUIET_MEMORY, InMain, Workload
from benchmarks.workloads.data import dict_of_100k, json_like, strings

LAMBDA = InMain("double = lambda x: x * 2 + 1\n", "double")

CONFIGURATIONS = """
configurations = {
    f"run {i}": {"rate": i / 10, "model": f"model {i}", "layers": [i, i + 1]}
    for i in range(1000)
}

def rate(run):
    return configurations[run]["rate"], len(configurations)
"""


def _pair(name: str, build: Callable[[], object]) -> Workload:
    return Workload(
        f"(f, {name})",
        lambda: (LAMBDA(), build()),
        observe=lambda pair: (pair[0](20), pair[1]),
        needs=frozenset({DATA, FUNCTIONS}),
        memory=(QUIET_MEMORY,),
    )


WORKLOADS = (
    _pair("100k strings", strings),
    _pair("dict of 100k", dict_of_100k),
    _pair("nested JSON-like 1 MB", json_like),
    Workload(
        "function naming 1000 configurations",
        InMain(CONFIGURATIONS, "rate"),
        observe=lambda function: function("run 7"),
        needs=frozenset({DATA, FUNCTIONS}),
    ),
)
