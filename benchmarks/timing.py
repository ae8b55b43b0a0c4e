"""Contenders that take turns: the method of measuring, and nothing else.

Each round gives every contender one sample, so that a slow moment of the machine
hits all alike; the ratio of two contenders is the median of their ratios by round.
A sample is a loop of about ``Effort.sample_seconds`` over fresh objects. All that
exists before it is frozen out of the collector, which stays enabled. The result of a
call is dropped inside the loop: creating it includes getting rid of it.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LOOP = """
def loop({item}s):
    start = perf_counter()
    for {item} in {item}s:
        {call}
    return perf_counter() - start
"""


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    sample_seconds: float
    # Of timed work for one contender; past it, it takes no part in further rounds.
    seconds_in_all: float


FULL = Effort(rounds=9, sample_seconds=0.010, seconds_in_all=1.0)
QUICK = Effort(rounds=3, sample_seconds=0.002, seconds_in_all=0.2)


@dataclass(frozen=True)
class Result:
    seconds: float  # the fastest sample, per call
    ratio: float | None  # median of (this one's time / the subject's time)


class Contender:
    """A timed call, and where the objects that it is called with come from."""

    def __init__(
        self,
        call: str,
        item: str,
        namespace: Mapping[str, object],
        supply: Callable[[int], Sequence[object]],
        most_per_sample: int = 1_000_000,
    ):
        names = {**namespace, "perf_counter": time.perf_counter}
        exec(LOOP.format(call=call, item=item), names)
        self._loop = names["loop"]
        self._supply = supply
        self._most = most_per_sample
        self._times = 1
        self._spent = 0.0
        self.samples: dict[int, float] = {}

    def calibrate(self, sample_seconds: float) -> None:
        """Finds how many calls fill a sample; also the warm-up."""
        while True:
            seconds = self._sample() * self._times
            if seconds >= sample_seconds or self._times == self._most:
                self._spent = seconds
                return
            wanted = int(self._times * sample_seconds / seconds) + 1
            self._times = min(wanted, self._times * 10, self._most)

    def take_turn(self, round_number: int, seconds_in_all: float) -> None:
        if round_number and self._spent > seconds_in_all:
            return
        seconds = self._sample()
        self._spent += seconds * self._times
        self.samples[round_number] = seconds

    def _sample(self) -> float:
        items = self._supply(self._times)
        gc.collect()
        gc.freeze()
        return self._loop(items) / len(items)


def race(
    contenders: Mapping[str, Contender], subject: str, effort: Effort
) -> dict[str, Result]:
    """Measures the contenders in turns, each round in another order."""
    order = list(contenders)
    for name in order:
        contenders[name].calibrate(effort.sample_seconds)
    for round_number in range(effort.rounds):
        for name in order:
            contenders[name].take_turn(round_number, effort.seconds_in_all)
        order = order[1:] + order[:1]
    samples = {name: contenders[name].samples for name in contenders}
    return {
        name: Result(min(of.values()), _ratio(of, samples.get(subject)))
        for name, of in samples.items()
    }


def _ratio(
    samples: Mapping[int, float], subject: Mapping[int, float] | None
) -> float | None:
    if subject is None:
        return None
    both = samples.keys() & subject.keys()
    return statistics.median(samples[r] / subject[r] for r in both)
