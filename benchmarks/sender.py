"""Makes streams in a process of its own, for loads that must be the first.

``python -m benchmarks.sender OPTIONS`` writes ``{rival: [stream, ...]}``, pickled;
a rival that fails has one `Failure` in the place of its streams.
"""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from dataclasses import dataclass

from benchmarks import rivals, workloads
from benchmarks.rivals import Rival
from benchmarks.workloads import Workload


@dataclass(frozen=True)
class Failure:
    text: str


def describe(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:100]


def make(rival: Rival, workload: Workload, count: int) -> list[object]:
    try:
        return [rival.evaluate(rival.dumps, obj=workload.build()) for _ in range(count)]
    except Exception as error:
        return [Failure(describe(error))]


def main() -> None:
    options = json.loads(sys.argv[1])
    warnings.simplefilter("ignore")
    workload = workloads.named(options["workload"])
    present = rivals.find()[0]
    streams = {
        name: make(present[name], workload, options["count"])
        for name in options["rivals"]
    }
    sys.stdout.buffer.write(pickle.dumps(streams))


if __name__ == "__main__":
    # Not this __main__: what it sends must be importable at the other end.
    from benchmarks import sender

    sender.main()
