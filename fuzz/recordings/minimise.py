"""Fewer steps that still differ."""

import dataclasses

import cppickle
from fuzz.recordings.case import Dump, difference_in

MOST_TRIES = 2000


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
    """Runs steps, as often as is allowed."""

    def __init__(self, dumps):
        self.dumps = dumps
        self.left = MOST_TRIES

    def differ(self, steps):
        self.left -= 1
        return self.left > 0 and difference_in(steps, self.dumps) is not None


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
