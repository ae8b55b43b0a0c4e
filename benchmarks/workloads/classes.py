"""Classes of the sender's ``__main__``. Warm loads meet a class they know."""

from collections.abc import Callable

from benchmarks.rivals.base import CLASSES
from benchmarks.workloads.base import InMain, Workload, warm_and_cold

SIMPLE = '''
class Account:
    """Money, and who has it."""

    currency = "EUR"

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def deposit(self, amount):
        self.balance += amount
        return self

    def __str__(self):
        return f"{self.owner}: {self.balance} {self.currency}"
'''

THIRTY_METHODS = "class Machine:\n" + "".join(
    f"    def method{i}(self, x):\n        return x * 3 + {i}\n\n" for i in range(30)
)

DATACLASS = """
import dataclasses

@dataclasses.dataclass
class Point:
    x: int
    y: int = 2
    tags: list = dataclasses.field(default_factory=list)
"""

NAMEDTUPLE = """
import collections

Pair = collections.namedtuple("Pair", "left right", defaults=(9,))
"""

ENUM = """
import enum

class Color(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 4

    @property
    def doubled(self):
        return self.value * 2
"""


def _class(
    name: str, source: str, expression: str, observe: Callable[[type], object]
) -> Workload:
    return Workload(
        name,
        InMain(source, expression),
        observe=observe,
        needs=frozenset({CLASSES}),
    )


def _methods(machine: type) -> list[int]:
    return [getattr(machine(), f"method{i}")(5) for i in range(30)]


def _color(color: type) -> list[object]:
    members = [(member.name, member.value, member.doubled) for member in color]
    return [*members, color(2) is color.GREEN]


CLASSES_OF_MAIN = (
    _class("simple class", SIMPLE, "Account", lambda c: str(c("Ada").deposit(5))),
    _class("class of 30 methods", THIRTY_METHODS, "Machine", _methods),
    _class("dataclass", DATACLASS, "Point", lambda c: (repr(c(1)), c(1) == c(1, 2))),
    _class("namedtuple", NAMEDTUPLE, "Pair", lambda c: (repr(c(1)), c(1, 2).right)),
    _class("enum", ENUM, "Color", _color),
)

WORKLOADS = tuple(row for work in CLASSES_OF_MAIN for row in warm_and_cold(work))
