"""Cases in children, and what they found."""

import contextlib
import faulthandler
import random
import resource
import subprocess
import sys
import time

from fuzz.loads.comparison import difference
from fuzz.loads.damage import damaged
from fuzz.loads.graphs import Choices, pickled
from fuzz.loads.outcome import WAYS, Case, watch_names

CASES_OF_CHILD = 2500
CASES_OF_GRAPH = 10  # of which the first has the stream as it was written
MEMORY = 512 * 1024 * 1024  # for what a stream makes the standard unpicklers allocate
SECONDS = 300  # for a child


def cases(seed):
    """The cases of one random graph."""
    rng = Choices(seed)
    rng.has_ids = rng.randrange(3) == 0
    stream, buffers = pickled(rng)
    contents = tuple(bytes(buffer) for buffer in buffers)
    for number in range(CASES_OF_GRAPH):
        options = []
        if rng.randrange(4) == 0:
            encoding = rng.choice(["latin1", "bytes", "utf-8", "nothing"])
            options += [("encoding", encoding), ("errors", "replace")]
        if rng.randrange(4) == 0:
            options.append(("fix_imports", False))
        yield Case(
            damaged(rng, stream) if number else stream,
            contents if rng.randrange(4) else (),
            rng.choice(WAYS),
            tuple(options),
        )


def limit_memory():
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def run_child(first, count):
    """Cases one after the other; the one that is going on is in the last line."""
    watch_names()
    with contextlib.suppress(OSError):
        limit_memory()
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    for seed in range(first, first + count // CASES_OF_GRAPH):
        for number, case in enumerate(cases(seed)):
            print(f"case {seed}.{number}", flush=True)
            found = difference(case)
            if found:
                print("found", seed, number, found, flush=True)
    print("end", flush=True)


def run_campaign(streams, seed, seconds=None, child=("-m", "fuzz.loads")):
    """Children until so many streams are done; exit status 1 for findings."""
    end = time.monotonic() + (seconds or float("inf"))
    rng = random.Random(seed)
    done = 0
    findings = []
    while done < streams and time.monotonic() < end:
        first = rng.randrange(2**40)
        count = min(CASES_OF_CHILD, streams - done + CASES_OF_GRAPH - 1)
        command = [sys.executable, "-W", "ignore", "-X", "faulthandler", *child]
        ended = subprocess.run(
            [*command, "--child", str(first), "--streams", str(count)],
            capture_output=True,
            text=True,
            errors="replace",
        )
        lines = ended.stdout.splitlines()
        findings += _findings(lines)
        of_child = [line for line in lines if line.startswith("case ")]
        done += len(of_child)
        if ended.returncode or lines[-1:] != ["end"]:
            findings.append(
                f"found exit status {ended.returncode} in {of_child[-1:]}:\n"
                f"{ended.stderr[-6000:]}"
            )
            done += not of_child  # a child that cannot start ends the campaign at last
    print(f"{done:,} streams, {len(findings)} findings")
    print("\n".join(findings[:20]))
    return int(bool(findings))


def _findings(lines):
    """Findings are over several lines, up to the next case."""
    found = []
    is_inside = False
    for line in lines:
        if line.startswith("found "):
            found.append(line)
            is_inside = True
        elif line == "end" or line.startswith("case "):
            is_inside = False
        elif is_inside:
            found[-1] += "\n" + line
    return found
