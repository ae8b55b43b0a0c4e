"""`python -m fuzz.foreign_code --seconds T --seed S [--cases N] [--only SEED]`."""

import argparse
import collections
import contextlib
import gc
import io
import os
import pickle
import pickletools
import random
import subprocess
import sys
import time

import cppickle
from fuzz.foreign_code.world import Key, World

CASES_OF_CHILD = 400


class File(io.BytesIO):
    """A file whose write() acts."""

    world = None

    def write(self, data):
        self.world.act()
        return super().write(data)


class Table(collections.UserDict):
    """A dispatch table that acts when it is asked."""

    world = None

    def __getitem__(self, key):
        self.world.act()
        raise KeyError(key)


class Hooked(cppickle.Pickler):
    """A pickler with hooks that act."""

    world = None

    def reducer_override(self, obj):
        self.world.act()
        return NotImplemented


class WithIds(Hooked):
    def persistent_id(self, obj):
        self.world.act()
        return "id" if type(obj) is bytearray else None


def dump(world, root):
    """One dump by a way of the case's choice; the stream, or None after an error."""
    way, protocol = world.random.randrange(7), world.random.randrange(6)
    if way < 3:
        return cppickle.dumps(root, protocol if way else None)
    file = File() if way < 6 else io.BytesIO()
    file.world = world
    kind = {3: cppickle.Pickler, 4: Hooked, 5: WithIds}.get(way, cppickle.Pickler)
    options = {}
    if protocol == 5 and world.random.random() < 0.5:
        options["buffer_callback"] = lambda buffer: world.act()
    pickler = kind(file, protocol, **options)
    pickler.world = world
    if world.random.random() < 0.3:
        table = Table()
        table.world = world
        pickler.dispatch_table = world.random.choice(
            [table, {Key(world, world.namespace["Plain"]): None}]
        )
    pickler.fast = world.random.random() < 0.1
    world.pickler = pickler
    pickler.dump(root)
    return file.getvalue()


def is_pickle(stream):
    """True when the opcodes are whole and STOP is the last."""
    *_, (opcode, _, position) = pickletools.genops(stream)
    return opcode.name == "STOP" and position == len(stream) - 1


def run_case(seed):
    """The findings of one case, and how many dumps gave a stream."""
    world = World(seed)
    found, streams = [], 0
    try:
        for _ in range(3):
            root = list(world.nodes) if world.random.random() < 0.5 else world.any()
            world.quiet = False
            try:
                stream = dump(world, root)
            except SystemError as error:
                found.append(f"seed {seed}: {error!r}")
                continue
            except (Exception, KeyboardInterrupt):
                continue
            finally:
                world.quiet, world.pickler = True, None
            streams += 1
            if not is_pickle(stream):
                found.append(f"seed {seed}: {stream[:200]!r} is no pickle")
    finally:
        world.close()
    if cppickle.dumps([1, "x", {"k": 2.5}]) != pickle.dumps([1, "x", {"k": 2.5}], 5):
        found.append(f"seed {seed}: plain data after it has other bytes")
    return found, streams


def run_child(first, count):
    """Cases one after the other; the one that is going on is in the last line."""
    made = 0
    current = []

    def at_collection(phase, info):
        if current and current[0].random.random() < 0.02:
            with contextlib.suppress(BaseException):
                current[0].act()

    gc.callbacks.append(at_collection)
    for seed in range(first, first + count):
        print(f"seed {seed}", flush=True)
        gc.set_threshold(random.Random(seed).choice([1, 20, 700]))
        found, streams = run_case(seed)
        made += streams
        for line in found:
            print("found", line, flush=True)
    print("streams", made, flush=True)


def run_campaign(seconds, seed, most):
    """Children until the time is over; exit status 1 when something was found."""
    end = time.monotonic() + seconds
    cases = streams = 0
    findings = []
    rng = random.Random(seed)
    while time.monotonic() < end and cases < most:
        first = rng.randrange(2**40)
        command = [sys.executable, "-X", "faulthandler", "-m", "fuzz.foreign_code"]
        done = subprocess.run(
            [
                *command,
                "--child",
                str(first),
                "--cases",
                str(min(CASES_OF_CHILD, most)),
            ],
            capture_output=True,
            text=True,
            timeout=1800,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        lines = done.stdout.splitlines()
        findings += [line for line in lines if line.startswith("found")]
        cases += sum(line.startswith("seed") for line in lines)
        streams += sum(int(x.split()[1]) for x in lines if x.startswith("streams"))
        if done.returncode:
            last = [line for line in lines if line.startswith("seed")][-1:]
            findings.append(
                f"exit status {done.returncode} in {last}:\n{done.stderr[-6000:]}"
            )
    print(f"{cases:,} cases, {streams:,} streams, {len(findings)} findings")
    print("\n".join(findings[:20]))
    return int(bool(findings))


def main():
    parser = argparse.ArgumentParser(prog="fuzz.foreign_code", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=10**9)
    parser.add_argument("--child", type=int, help="run from this case on, here")
    parser.add_argument("--only", type=int, help="run this case, here")
    options = parser.parse_args()
    if options.only is not None:
        print(*run_case(options.only))
        return 0
    if options.child is not None:
        return run_child(options.child, options.cases)
    return run_campaign(options.seconds, options.seed, options.cases)


if __name__ == "__main__":
    sys.exit(main())
