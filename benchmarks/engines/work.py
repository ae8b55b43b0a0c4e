"""What is sent: functions that no worker can import, made anew for every use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DEPENDENTS = 50

STEP = """
def step_{number}(values, offset={number}):
    '''One of many small functions that a task of a user depends on.'''
    total = offset
    for value in values:
        total += value * {number} if value % 2 else value - offset
    return total
"""

MAIN = """
def main(values):
    return sum([{calls}])
"""


def tiny_task() -> tuple[Callable[[int], int], Callable[[int], int]]:
    """A closure over a helper, and what it should give."""
    names: dict[str, Any] = {"scale": 3, "__name__": "__main__"}
    exec("def helper(x): return x * scale\ndef task(x): return helper(x) + 1", names)
    return names["task"], lambda x: x * 3 + 1


def function_with_dependents() -> Callable[[list[int]], int]:
    """A function that calls 50 others, all new, code objects too."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number in range(DEPENDENTS):
        exec(STEP.format(number=number), names)
    calls = ", ".join(f"step_{number}(values)" for number in range(DEPENDENTS))
    exec(MAIN.format(calls=calls), names)
    return names["main"]
