"""Cases as files: a script that runs the steps and says where the streams differ."""

import os
import pathlib
import textwrap

from fuzz.cached_expansions.case import Dump, difference_in
from fuzz.cached_expansions.modules import importable_modules
from fuzz.cached_expansions.streams import normalised

HEAD = '''\
"""Seed {seed} of fuzz.cached_expansions: a dump from the cache differs.

Run it with the top folder of the project in PYTHONPATH, and PYTHONHASHSEED={hashes}.
"""

import sys

from fuzz.cached_expansions.case import Dump
from fuzz.cached_expansions.reproducer import replay

STEPS = [
'''


def shown(steps):
    """The steps as the text of Python expressions, a list item each."""
    parts = []
    for step in steps:
        if isinstance(step, Dump):
            parts.append(f"{step!r},\n")
        elif "\n" in step and "\\" not in step and '"""' not in step:
            parts.append(f'"""\n{step}\n""",\n')
        else:
            parts.append(f"{step!r},\n")
    return "".join(parts)


def write_reproducer(steps, seed):
    """Write the script into the current folder; its path."""
    path = pathlib.Path(f"expansion_differs_{seed}.py")
    head = HEAD.format(seed=seed, hashes=os.environ.get("PYTHONHASHSEED", "random"))
    path.write_text(f"{head}{shown(steps)}]\nsys.exit(replay(STEPS))\n")
    return path


def told(difference):
    """Where the two streams part, as opcodes."""
    recorded, expected = lines_of(difference.recorded), lines_of(difference.expected)
    place = 0
    while recorded[place : place + 1] == expected[place : place + 1] != []:
        place += 1
    shown = []
    for name, lines in [("recorded", recorded), ("written out", expected)]:
        part = "\n".join(lines[max(place - 5, 0) : place + 5])
        shown.append(f"{name}, from opcode {place}:\n{textwrap.indent(part, '  ')}")
    return "\n".join(shown)


def lines_of(stream):
    if isinstance(stream, str):
        return [f"raised {stream}"]
    return [f"{name} {argument!r}"[:100] for name, argument in normalised(stream)]


def replay(steps):
    """Run the steps; 1 if they differ, with a description on standard output."""
    with importable_modules():
        difference = difference_in(steps)
    print(told(difference) if difference else "no difference")
    return int(difference is not None)
