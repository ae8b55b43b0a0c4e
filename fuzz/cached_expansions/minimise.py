"""Fewer steps that still differ."""

import dataclasses
import time

import cppickle
from fuzz.cached_expansions.case import Dump, difference_in

SECONDS = 60


def minimised(steps, dumps=cppickle.dumps):
    """A small part of `steps` that differs, or None if they differ no more."""
    if difference_in(steps, dumps) is None:
        return None
    tries = Tries(dumps)
    steps = without_parts(steps, tries)
    steps = with_less_lines(steps, tries)
    steps = with_simple_dumps(steps, tries)
    return without_parts(steps, tries)


class Tries:
    """Runs steps, as long as is allowed."""

    def __init__(self, dumps):
        self.dumps = dumps
        self.end = time.monotonic() + SECONDS

    def differ(self, steps):
        if time.monotonic() > self.end:
            return False
        return difference_in(steps, self.dumps) is not None


def without_parts(steps, tries):
    """Leave out ever smaller parts."""
    size = len(steps) // 2
    while size:
        begin = 0
        while begin < len(steps):
            fewer = steps[:begin] + steps[begin + size :]
            if tries.differ(fewer):
                steps = fewer
            else:
                begin += size
        size //= 2
    return steps


def with_less_lines(steps, tries):
    """Leave out lines of statements."""
    for place in range(len(steps)):
        if isinstance(steps[place], Dump):
            continue
        line = 0
        while line < len(lines := steps[place].splitlines()):
            shorter = "\n".join(lines[:line] + lines[line + 1 :])
            fewer = [*steps[:place], shorter, *steps[place + 1 :]]
            if tries.differ(fewer):
                steps = fewer
            else:
                line += 1
    return steps


def with_simple_dumps(steps, tries):
    """Dump less often, in simpler shapes."""
    for place, step in enumerate(steps):
        if not isinstance(step, Dump):
            continue
        for change in ({"shape": "alone"}, {"other": "None"}, {"count": 1}):
            simple = dataclasses.replace(steps[place], **change)
            fewer = [*steps[:place], simple, *steps[place + 1 :]]
            if tries.differ(fewer):
                steps = fewer
    return steps
