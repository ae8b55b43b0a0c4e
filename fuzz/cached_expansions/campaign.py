"""Case after case, until enough has been dumped."""

import collections
import contextlib
import dataclasses
import time

import cppickle
from fuzz.cached_expansions.case import SHAPES, Difference, Dump, Run
from fuzz.cached_expansions.describe import described
from fuzz.cached_expansions.far_end import FarEnd
from fuzz.cached_expansions.minimise import minimised
from fuzz.cached_expansions.modules import (
    has_reducers,
    importable_modules,
    process_state,
    registered,
)
from fuzz.cached_expansions.mutations import TABLE
from fuzz.cached_expansions.pick import Pick
from fuzz.cached_expansions.pieces import Writer
from fuzz.cached_expansions.reads import LOGS_READS
from fuzz.cached_expansions.reproducer import told, write_reproducer

MUTATIONS_OF_CASE = 40
LOAD_EACH = 500
MOST_DIFFERENCES = 10


@dataclasses.dataclass
class Report:
    """What a campaign did."""

    dumps: int = 0
    cases: int = 0
    seconds: float = 0
    normalised: int = 0
    loaded: int = 0
    described: int = 0
    unlike: int = 0
    effects: collections.Counter = dataclasses.field(
        default_factory=collections.Counter
    )
    applied: collections.Counter = dataclasses.field(
        default_factory=collections.Counter
    )
    differences: list = dataclasses.field(default_factory=list)
    # Reads that the check of recordings leaves out, and the seed that showed them.
    uncovered: dict = dataclasses.field(default_factory=dict)

    def text(self):
        rate = self.dumps / max(self.seconds, 1e-9)
        silent = sorted(name for name in TABLE if not self.effects[name])
        return (
            f"{self.dumps:,} dumps of {self.cases:,} cases in {self.seconds:.0f} s, "
            f"{rate:,.0f} a second\n"
            f"{len(self.applied)} kinds of mutation, {sum(self.applied.values()):,} "
            f"mutations; {len(self.applied) - len(silent)} kinds changed bytes\n"
            f"{self.normalised} dumps differed in ids or tokens alone\n"
            f"{self.loaded:,} streams loaded in fresh processes, "
            f"{self.described:,} compared with what was sent, "
            f"{self.unlike:,} of them unlike it\n"
            f"{self.reads()}{len(self.differences)} differences"
        )

    def reads(self):
        if not LOGS_READS:
            return ""
        lines = [f"{read} (seed {seed})" for read, seed in self.uncovered.items()]
        return "\n".join([*lines, f"{len(lines)} uncovered reads", ""])


class Campaign:
    """Runs cases one after the other and collects what they show."""

    def __init__(self, dumps=cppickle.dumps, far_end=None, say=print):
        self.dumps = dumps
        self.far_end = far_end
        self.say = say
        self.report = Report()
        self.until_load = LOAD_EACH

    def run_case(self, seed):
        """Make a graph, and change and dump it in turn."""
        pick = Pick(seed)
        run = Run(self.dumps, seed)
        applied = []
        with process_state():
            for statement in Writer(pick).write():
                run.step(statement)
            self.change_and_dump(pick, run, applied)
        self.report.dumps += run.count
        self.report.cases += 1
        self.report.normalised += run.normalised
        for read in run.uncovered:
            self.report.uncovered.setdefault(read, seed)
        if run.difference:
            self.tell(run.difference, seed, applied)

    def change_and_dump(self, pick, run, applied):
        roots, before = plans(pick), {}
        for _ in range(MUTATIONS_OF_CASE):
            self.dump_all(pick, run, roots, before, applied[-1:])
            if run.difference:
                return
            for _ in range(pick.one([1, 1, 1, 2, 3])):
                name = pick.one(list(TABLE))
                applied.append(name)
                self.report.applied[name] += 1
                run.step(TABLE[name](pick))

    def dump_all(self, pick, run, roots, before, last):
        changed = False
        for place, root in enumerate(roots):
            if pick.chance(0.2):
                continue
            step = dataclasses.replace(
                root, count=pick.one([2, 3, 3, 6]), hooked_first=pick.chance(0.5)
            )
            given = run.step(step)
            if given is None:
                continue
            obj, stream, expected = given
            changed = changed or before.get(place, stream) != stream
            before[place] = stream
            self.until_load -= step.count
            if self.until_load <= 0:
                self.until_load = LOAD_EACH
                self.load(run, obj, stream, expected)
        if changed:
            self.report.effects.update(last)

    def load(self, run, obj, stream, expected):
        """Compare what the streams give in fresh processes, and with what was sent."""
        if self.far_end is None or isinstance(stream, str):
            return
        self.report.loaded += 1
        given = self.far_end.describe(stream)
        if stream != expected and given != self.far_end.describe(expected):
            run.difference = Difference(list(run.done), stream, expected)
        sent = None if has_reducers() else described(obj, registered())
        if sent is not None and given is not None:
            self.report.described += 1
            if sent != given:
                self.report.unlike += 1
                self.say(f"\nseed {run.seed}{parted(sent, given)}")

    def tell(self, difference, seed, applied):
        """Say what differs, write it down, and make it smaller: that may crash."""
        self.report.differences.append(difference)
        self.say(f"\nDIFFERENCE, seed {seed}, after these mutations:")
        self.say("  " + "\n  ".join(applied))
        path = write_reproducer(difference.steps, seed)
        self.say(f"{told(difference)}\nsteps: {path.name}")
        difference.small = minimised(difference.steps, self.dumps) or difference.steps
        if difference.small is difference.steps:
            self.say("they need what earlier cases did")
        write_reproducer(difference.small, seed)
        self.say(f"{len(difference.small)} of {len(difference.steps)} steps are enough")


def plans(pick):
    """Dumps of a few roots: each in some shapes, with another object beside it."""
    found = []
    for _ in range(pick.one([2, 3])):
        root, other = pick.root(), pick.owner()
        shapes = ["alone", *pick.random.sample(sorted(SHAPES), 2)]
        found += [Dump(root, other, shape, 3, True) for shape in shapes]
    return found


def parted(sent, given):
    """Where two descriptions part."""
    left, right = sent.splitlines(), given.splitlines()
    pairs = enumerate(zip(left, right))
    place = next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))
    begin = max(place - 6, 0)
    return (
        "\nwhat was loaded is not what was sent\nsent:   "
        + " | ".join(left[begin : place + 3])
        + "\nloaded: "
        + " | ".join(right[begin : place + 12])
    )


def run_campaign(dumps_wanted, seed, seconds=None, dumps=cppickle.dumps, say=print):
    """Run cases until there were enough dumps, or the time is over; the report."""
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(importable_modules())
        far_end = stack.enter_context(FarEnd(folder))
        campaign = Campaign(dumps, far_end, say)
        report = campaign.report
        while (
            report.dumps < dumps_wanted and len(report.differences) < MOST_DIFFERENCES
        ):
            report.seconds = time.monotonic() - begin
            if seconds is not None and report.seconds > seconds:
                break
            campaign.run_case(seed + report.cases)
    report.seconds = time.monotonic() - begin
    return report
