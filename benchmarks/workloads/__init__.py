"""What is pickled. A file for each kind of object; the order is the table's."""

from benchmarks.workloads import (
    arrays,
    beside_code,
    classes,
    data,
    functions,
    instances,
    reduced,
    tasks,
)
from benchmarks.workloads.base import Workload

ALL: tuple[Workload, ...] = (
    *functions.WORKLOADS,
    *classes.WORKLOADS,
    *instances.WORKLOADS,
    *beside_code.WORKLOADS,
    *tasks.WORKLOADS,
    *data.WORKLOADS,
    *arrays.WORKLOADS,
    *reduced.WORKLOADS,
)


def named(name: str) -> Workload:
    return next(workload for workload in ALL if workload.name == name)


__all__ = ["ALL", "Workload", "named"]
