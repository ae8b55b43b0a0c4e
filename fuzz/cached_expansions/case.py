"""Cases: steps that are run, and the differences that they show."""

import contextlib
import dataclasses
import io

import cppickle
from fuzz.cached_expansions.modules import process_state
from fuzz.cached_expansions.reads import uncovered_reads
from fuzz.cached_expansions.streams import outcome, say_the_same, written_out

# How a root is dumped: what is dumped, from the root and another object.
SHAPES = {
    "alone": lambda root, other: root,
    "in a list": lambda root, other: [root],
    "before another": lambda root, other: (root, other),
    "after another": lambda root, other: (other, root),
    "in a dict": lambda root, other: {"k": root},
    "in a list, after another": lambda root, other: [other, root],
    "twice": lambda root, other: (root, [root, other], root),
    "deep": lambda root, other: [1, ((root,), {"k": [root]})],
    "before a string": lambda root, other: (root, "y", "__main__", "x" * 300),
    "after a string": lambda root, other: ["y", "__main__", "x" * 300, root],
    "in a set": lambda root, other: frozenset([root]),
}


@dataclasses.dataclass(frozen=True)
class Dump:
    """Dump a root: `count` times recorded, and once written out, before or after."""

    root: str
    other: str
    shape: str
    count: int
    hooked_first: bool


@dataclasses.dataclass
class Difference:
    """A recorded stream that is not the one that is written out."""

    steps: list
    recorded: object
    expected: object
    small: list = ()


class Run:
    """One execution of a case in a namespace of its own."""

    def __init__(self, dumps=cppickle.dumps, seed=None):
        self.seed = seed
        self.dumps = dumps
        self.namespace = {"__name__": "__main__"}
        self.done = []
        self.count = 0
        self.normalised = 0
        self.uncovered = set()
        self.difference = None

    def step(self, step):
        """Run one step; what a dump gave, else None."""
        self.done.append(step)
        if isinstance(step, str):
            return self.execute(step)
        return self.dump(step)

    def execute(self, statement):
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            exec(compile(statement, "<case>", "exec"), self.namespace)
        self.settle()

    def settle(self):
        """Exceptions get the dict that they would get when they are first reduced."""
        for value in list(self.namespace.values()):
            if issubclass(type(value), BaseException):
                object.__getattribute__(value, "__dict__")

    def evaluated(self, expression):
        return eval(compile(expression, "<case>", "eval"), self.namespace)

    def dump(self, step):
        try:
            root, other = self.evaluated(step.root), self.evaluated(step.other)
            obj = SHAPES[step.shape](root, other)
        except Exception:
            return None
        expected = outcome(written_out, obj) if step.hooked_first else None
        streams = [outcome(self.dumps, obj) for _ in range(step.count)]
        if not step.hooked_first:
            expected = outcome(written_out, obj)
        self.uncovered.update(uncovered_reads())
        self.count += step.count
        for stream in streams:
            if stream != expected:
                self.compare(stream, expected)
        return obj, streams[-1], expected

    def compare(self, recorded, expected):
        """Look at two streams of other bytes."""
        if say_the_same(recorded, expected):
            self.normalised += 1
        elif self.difference is None:
            self.difference = Difference(list(self.done), recorded, expected)


def difference_in(steps, dumps=cppickle.dumps):
    """The first difference that the steps show in a namespace of their own, or None."""
    run = Run(dumps)
    with process_state():
        for step in steps:
            run.step(step)
            if run.difference:
                return run.difference
    return None
