"""Functions of the sender's ``__main__``."""

from collections.abc import Callable

from benchmarks.rivals.base import FUNCTIONS
from benchmarks.workloads.base import InMain, Workload, warm_and_cold

ONE_GLOBAL = """
RATE = 0.25

def tax(amount):
    return amount * RATE
"""

CLOSURE = """
def scaler(factor):
    offset = 1

    def scale(value):
        def shift(scaled):
            return scaled + offset
        return shift(value * factor)

    return scale
"""

NUMPY_AND_PANDAS = """
import numpy as np
import pandas as pd

def mean_of_evens(n):
    frame = pd.DataFrame({"n": np.arange(n)})
    return float(np.mean(frame["n"][frame["n"] % 2 == 0]))
"""

FIFTEEN_LINES = '''
def summarize(values, low=0, high=100):
    """Count, total and extremes of the values between low and high."""
    count, total = 0, 0
    smallest = largest = None
    for value in values:
        if value < low or value > high:
            continue
        count += 1
        total += value
        if smallest is None or value < smallest:
            smallest = value
        if largest is None or value > largest:
            largest = value
    mean = total / count if count else 0.0
    return {"count": count, "mean": mean, "range": (smallest, largest)}
'''

STEPS = "".join(f"def step{i}(x):\n    return x * 2 + {i}\n\n" for i in range(20))
PIPELINE = f"{STEPS}def run(x):\n" + "".join(f"    x = step{i}(x)\n" for i in range(20))

THOUSAND_LAMBDAS = "\n".join(
    ["steps = ["] + [f"    lambda x: x + {i}," for i in range(1000)] + ["]", ""]
)


def _function(
    name: str, source: str, expression: str, *arguments, modules: tuple[str, ...] = ()
) -> Workload:
    return Workload(
        name,
        InMain(source, expression),
        observe=lambda function: function(*arguments),
        needs=frozenset({FUNCTIONS}),
        modules=modules,
    )


def _call_all(functions: list[Callable[[int], int]]) -> list[int]:
    return [function(1) for function in functions]


SINGLE = (
    _function("lambda", "double = lambda x: x * 2 + 1\n", "double", 20),
    _function("function with 1 global", ONE_GLOBAL, "tax", 100),
    _function("nested closure", CLOSURE, "scaler(3)", 7),
    _function(
        "function using numpy and pandas",
        NUMPY_AND_PANDAS,
        "mean_of_evens",
        10,
        modules=("numpy", "pandas"),
    ),
    _function("function calling 20 functions", PIPELINE, "run", 1),
    _function("15-line function", FIFTEEN_LINES, "summarize", [5, 300, 17, 42]),
)

MANY = (
    Workload(
        "1000 distinct lambdas",
        InMain(THOUSAND_LAMBDAS, "steps"),
        observe=_call_all,
        needs=frozenset({FUNCTIONS}),
    ),
    Workload(
        "same lambda 1000 times",
        InMain("step = lambda x: x + 1\n", "[step] * 1000"),
        observe=lambda functions: (_call_all(functions), len(set(functions))),
        needs=frozenset({FUNCTIONS}),
    ),
)

WORKLOADS = (
    *(row for workload in SINGLE for row in warm_and_cold(workload)),
    *MANY,
)
