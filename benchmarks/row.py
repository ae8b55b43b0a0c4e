"""One workload in a process of its own: ``python -m benchmarks.row OPTIONS``.

Started by ``runner.py``; the options are a JSON object, and so is the answer.
"""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator

from benchmarks import memory, rivals, timing, workloads
from benchmarks.rivals import SUBJECT, Rival
from benchmarks.rivals.base import size
from benchmarks.sender import Failure, describe
from benchmarks.timing import Contender, Effort
from benchmarks.workloads import Workload
from benchmarks.workloads.base import QUIET_MEMORY, leave_main

# Cold samples need a new object for each call; making those is the dear part.
COLD_DUMPS = 50
COLD_LOADS = 25


class Row:
    """Checks the contenders on a workload, then times those that passed."""

    def __init__(self, workload: Workload, effort: Effort):
        self._workload = workload
        self._effort = effort
        self._rivals: dict[str, Rival] = {}
        self._streams: dict[str, object] = {}
        self._supplies: dict[str, Callable[[int], list[object]]] = {}
        self._same_stream: list[str] = []
        self._kept: list[object] = []
        self.notes: dict[str, str] = {}
        self.errors: list[str] = []

    def run(self) -> dict[str, object]:
        able = [
            rival
            for rival in rivals.find()[0].values()
            if rival.can(self._workload.needs)
        ]
        # First of all: memory that was freed and kept would hide a peak.
        peak = self._peak(able) if QUIET_MEMORY in self._workload.memory else {}
        for rival in able:
            self._admit(rival)
        if self._workload.cold:
            self._order_streams()
        else:
            self._same_stream = self._with_the_same_stream()
            self._supplies = {
                name: lambda times, stream=stream: [stream] * times
                for name, stream in self._streams.items()
            }
        sizes = {name: size(stream) for name, stream in self._streams.items()}
        dumps = _plain(self._race(self._dumps_contenders()))
        leave_main()
        loads = _plain(self._race(self._loads_contenders()))
        return {
            "bytes": sizes,
            "peak": {name: peak[name] for name in sizes if name in peak},
            "dumps": dumps,
            "loads": loads,
            "same_stream": self._same_stream,
            "notes": self.notes,
            "errors": self.errors,
        }

    def _admit(self, rival: Rival) -> None:
        """Lets a rival take part if what it does with the workload is right."""
        obj = self._workload.build()
        dumps = rival.calls(self._workload.out_of_band)[0]
        try:
            stream = rival.evaluate(dumps, obj=obj)
            problem = self._judge(rival, obj, stream)
        except Exception as error:
            self._exclude(rival.name, f"fails: {describe(error)}")
            return
        if problem:
            self.errors.append(f"{rival.name}: {problem}")
            return
        self._rivals[rival.name] = rival
        self._streams[rival.name] = stream

    def _judge(self, rival: Rival, obj: object, stream: object) -> str | None:
        """What is wrong with the stream of an object, if anything."""
        workload = self._workload
        if rival.name == SUBJECT and workload.same_bytes_as_pickle:
            data = stream[0] if workload.out_of_band else stream
            ignored = (lambda buffer: None) if workload.out_of_band else None
            if data != pickle.dumps(obj, 5, buffer_callback=ignored):
                return "the stream differs from pickle's"
        expected = workload.observe(obj)
        leave_main()
        _, loads, own_loads = rival.calls(workload.out_of_band)
        for call in filter(None, (loads, own_loads)):
            loaded = rival.evaluate(call, stream=stream)
            # Loads that follow meet a class that is alive, as they do in a worker.
            self._kept.append(None if workload.same_bytes_as_pickle else loaded)
            if workload.observe(loaded) != expected:
                return f"{call} gives another value"
        return None

    def _order_streams(self) -> None:
        """Has a process make streams of which this one has seen no object."""
        count = COLD_LOADS * (self._effort.rounds + 4)
        # A calibration takes 1, 10 and 25 of them; the rounds 25 each, twice where
        # the rival has two ways to load.
        request = {
            "workload": self._workload.name,
            "count": count * 2,
            "rivals": list(self._rivals),
        }
        command = [sys.executable, "-m", "benchmarks.sender", json.dumps(request)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        expected = self._workload.observe(self._workload.build())
        leave_main()
        for name, streams in pickle.loads(answer).items():
            remaining = iter(streams)
            problem = self._judge_first(self._rivals[name], next(remaining), expected)
            if problem:
                self._exclude(name, problem)
            self._supplies[name] = lambda times, rest=remaining: _take(rest, times)

    def _judge_first(
        self, rival: Rival, stream: object, expected: object
    ) -> str | None:
        """What is wrong with a stream of another process, if anything."""
        if isinstance(stream, Failure):
            return f"fails in another process: {stream.text}"
        try:
            loaded = rival.evaluate(rival.loads, stream=stream)
            if self._workload.observe(loaded) == expected:
                return None
            return "gives another value in another process"
        except Exception as error:
            return f"fails in another process: {describe(error)}"

    def _exclude(self, name: str, problem: str) -> None:
        """Notes what a rival cannot do; of the subject, that is an error."""
        self.notes[name] = problem
        if name == SUBJECT:
            self.errors.append(f"{name} {problem}")
        self._rivals.pop(name, None)

    def _with_the_same_stream(self) -> list[str]:
        """Those whose loads would be the very call that the subject's is."""
        subject = self._rivals.get(SUBJECT)
        return [
            name
            for name, stream in self._streams.items()
            if subject
            and name != SUBJECT
            and self._rivals[name].loads == subject.loads
            and stream == self._streams[SUBJECT]
        ]

    def _dumps_contenders(self) -> dict[str, Contender]:
        workload = self._workload

        def supply(times: int) -> list[object]:
            if workload.cold:
                return [workload.build() for _ in range(times)]
            return [workload.build()] * times

        return {
            name: Contender(
                rival.calls(workload.out_of_band)[0],
                "obj",
                rival.namespace,
                supply,
                COLD_DUMPS if workload.cold else 1_000_000,
            )
            for name, rival in self._rivals.items()
        }

    def _loads_contenders(self) -> dict[str, Contender]:
        return {
            name: Contender(
                call,
                "stream",
                rival.namespace,
                self._supplies[rival.name],
                COLD_LOADS if self._workload.cold else 1_000_000,
            )
            for name, rival, call in self._loads_calls()
        }

    def _loads_calls(self) -> Iterator[tuple[str, Rival, str]]:
        for name, rival in self._rivals.items():
            _, loads, own_loads = rival.calls(self._workload.out_of_band)
            if name not in self._same_stream:
                yield name, rival, loads
            if own_loads:
                yield f"{name} own", rival, own_loads

    def _race(self, contenders: dict[str, Contender]) -> dict[str, timing.Result]:
        return timing.race(contenders, SUBJECT, self._effort)

    def _peak(self, able: list[Rival]) -> dict[str, int]:
        if not memory.AVAILABLE:
            return {}
        return {r.name: memory.peak(r, self._workload.build) for r in able}


def _take(streams: Iterator[object], times: int) -> list[object]:
    taken = [stream for _, stream in zip(range(times), streams, strict=False)]
    if len(taken) < times:
        raise RuntimeError("too few streams were made for the cold loads")
    return taken


def _plain(results: dict[str, timing.Result]) -> dict[str, dict[str, object]]:
    return {name: dataclasses.asdict(result) for name, result in results.items()}


def main() -> None:
    options = json.loads(sys.argv[1])
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20_000)  # The C pickler needs 2 for a level of nesting.
    row = Row(workloads.named(options["workload"]), Effort(**options["effort"]))
    json.dump(row.run(), sys.stdout)


if __name__ == "__main__":
    main()
