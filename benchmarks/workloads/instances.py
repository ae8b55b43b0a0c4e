"""Instances: of classes of ``__main__``, which travel too, and of importable ones."""

from benchmarks.rivals.base import CLASSES
from benchmarks.workloads.base import InMain, Workload, data, warm_and_cold
from benchmarks.workloads.classes import SIMPLE
from benchmarks.workloads.importable import Order, Record, Slotted

COUNT = 10_000


def _fields(instances: list[object]) -> list[tuple[object, ...]]:
    return [(o.number, o.price, o.item) for o in instances]


def orders() -> list[Order]:
    return [Order(i) for i in range(COUNT)]


def slotted() -> list[Slotted]:
    return [Slotted(i) for i in range(COUNT)]


def records() -> list[Record]:
    return [Record(i, i * 0.5, f"item {i}") for i in range(COUNT)]


WORKLOADS = (
    *warm_and_cold(
        Workload(
            "instance of a __main__ class",
            InMain(SIMPLE, "Account('Ada', 7)"),
            observe=lambda account: str(account.deposit(5)),
            needs=frozenset({CLASSES}),
        )
    ),
    Workload(
        "10k instances of a __main__ class",
        InMain(SIMPLE, f"[Account(f'owner {{i}}', i) for i in range({COUNT})]"),
        observe=lambda accounts: [str(account) for account in accounts],
        needs=frozenset({CLASSES}),
    ),
    data("10k instances of an importable class", orders, observe=_fields),
    data("10k __slots__ instances", slotted, observe=_fields),
    data("10k dataclass instances", records, observe=_fields),
)
