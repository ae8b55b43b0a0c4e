"""Send Python code to a worker that has nothing installed.

    python examples/quickstart.py

Part 1 is the code to send: it exists in this script and nowhere else. Part 2 is a
worker: a bare interpreter with the standard library and plain ``pickle.loads``. Part 3
sends the one to the other, and checks that what comes back is right. With ``--engine
dask``, ``ray``, ``spark``, ``joblib`` or ``processes`` the same code goes to a cluster
of two worker processes (``engines.py``), with cppickle and as the engine comes.
"""

import argparse
import enum
import math
import pickle
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import sortedcontainers
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

import cppickle

try:
    import cloudpickle  # only to show what it does with the same code
except ImportError:
    cloudpickle = None

# --- Part 1: what is sent -----------------------------------------------------------

# A function takes the globals that it uses along.
TAX_RATE = 0.25


def with_tax(price):
    return price * (1 + TAX_RATE)


# Two closures over one variable still share it at the other end.
def open_account(balance):
    def deposit(amount):
        nonlocal balance
        balance += amount

    def read():
        return balance

    return deposit, read


def deposit_and_read(deposit, read):
    deposit(50)
    return read()


# Classes go along with their instances: bases, dataclasses, enums, methods, super().
class Color(enum.Enum):
    RED = "#f00"
    GREEN = "#0f0"


@dataclass
class Shape:
    color: Color

    def describe(self):
        return f"{self.color.name.lower()}, area {self.area():.2f}"


@dataclass
class Circle(Shape):
    radius: float

    def area(self):
        return math.pi * self.radius**2

    def describe(self):
        return f"circle: {super().describe()}"


def describe_red(shapes):
    return [shape.describe() for shape in shapes if shape.color is Color.RED]


# A package that the worker does not have travels too, once it is registered.
cppickle.register_pickle_by_value(sortedcontainers)


def podium(scores):
    ranking = sortedcontainers.SortedDict(
        {-score: name for name, score in scores.items()}
    )
    return list(ranking.values()[:2])


@dataclass
class Job:
    """A function and its arguments, made afresh for every use."""

    what: str
    make: Callable[[], tuple[Callable[..., object], tuple[object, ...]]]


JOBS = [
    Job("function and its constant", lambda: (with_tax, (100,))),
    Job("lambda", lambda: (lambda words: sorted(words, key=len), (["three", "one"],))),
    Job("closures sharing state", lambda: (deposit_and_read, open_account(100))),
    Job(
        "class hierarchy, dataclass, enum",
        lambda: (describe_red, ([Circle(Color.RED, 2.0), Circle(Color.GREEN, 1.0)],)),
    ),
    Job(
        "third-party package",
        lambda: (podium, ({"Ada": 99, "Bob": 70, "Cleo": 85},)),
    ),
]

# --- Part 2: the worker -------------------------------------------------------------

WORKER = """
import pickle, struct, sys, time

while header := sys.stdin.buffer.read(8):
    stream = sys.stdin.buffer.read(*struct.unpack("!Q", header))
    try:
        start = time.perf_counter()
        function, arguments = pickle.loads(stream)
        seconds = time.perf_counter() - start
        reply = True, function(*arguments), seconds
    except Exception as error:
        reply = False, f"{type(error).__name__}: {error}", 0.0
    frame = pickle.dumps(reply)
    sys.stdout.buffer.write(struct.pack("!Q", len(frame)) + frame)
    sys.stdout.buffer.flush()
"""


class Worker:
    """``python -I -S``: no site-packages, no environment, no current folder."""

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *exception):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def run(self, stream):
        """Has a stream loaded and called: whether it worked, answer, loads time."""
        self._process.stdin.write(struct.pack("!Q", len(stream)) + stream)
        self._process.stdin.flush()
        answers = self._process.stdout
        return pickle.loads(answers.read(*struct.unpack("!Q", answers.read(8))))


# --- Part 3: sending, and checking the answers --------------------------------------

REPEATS = 10


@dataclass
class Sent:
    """What one sending gave. Times are in seconds."""

    answer: object
    size: int
    dumps: float
    far: float


class Problem(Exception):
    """A sending that failed, in the words for the table."""


class ToBareWorker:
    """Sends with a pickler to a worker of part 2."""

    def __init__(self, dumps):
        self.dumps = dumps
        self.worker = Worker()

    def __enter__(self):
        self.worker.__enter__()
        return self

    def __exit__(self, *exception):
        self.worker.__exit__()

    def send(self, parcel):
        start = time.perf_counter()
        stream = self.dumps(parcel)
        dumps = time.perf_counter() - start
        worked, answer, loads = self.worker.run(stream)
        if not worked:
            raise Problem(answer)
        return Sent(answer, len(stream), dumps, loads)


class ToEngine:
    """Sends by way of an engine, switched to cppickle or as it comes."""

    def __init__(self, engine, with_cppickle):
        self.engine = engine
        self.with_cppickle = with_cppickle

    def __enter__(self):
        self.engine.use_cppickle(self.with_cppickle)
        return self

    def __exit__(self, *exception):
        self.engine.use_cppickle(False)

    def send(self, parcel):
        size = dumps = 0
        if self.with_cppickle:
            start = time.perf_counter()
            size = len(cppickle.dumps(parcel))
            dumps = time.perf_counter() - start
        start = time.perf_counter()
        try:
            answer = self.engine.run(*parcel)
        except Exception as error:
            told = f"{type(error).__name__}: {error}".replace("\n", " ")
            raise Problem(told[:120]) from error
        return Sent(answer, size, dumps, time.perf_counter() - start)


@dataclass
class Outcome:
    """What became of a job. Times are the best of all repeats."""

    answer: object = None
    problem: str = ""
    size: int = 0
    dumps: float = math.inf
    far: float = math.inf


def send(job, route):
    """Sends a job some times over, until something goes wrong."""
    function, arguments = job.make()
    expected = function(*arguments)
    outcome = Outcome()
    for _ in range(REPEATS):
        try:
            sent = route.send(job.make())
        except Problem as problem:
            outcome.problem = str(problem)
            return outcome
        except Exception as error:
            outcome.problem = f"{type(error).__name__}: {error}"
            return outcome
        outcome.answer, outcome.size = sent.answer, sent.size
        if outcome.answer != expected:
            outcome.problem = f"wrong answer: {outcome.answer}"
            return outcome
        outcome.dumps = min(outcome.dumps, sent.dumps)
        outcome.far = min(outcome.far, sent.far)
    return outcome


def send_all(routes, progress):
    """The outcomes of all jobs by the name of the route."""
    outcomes = {}
    for name, route in routes.items():
        with route:
            outcomes[name] = [send(job, route) for job in progress(JOBS, name)]
    return outcomes


def to_bare_workers():
    picklers = {"cppickle": cppickle.dumps, "pickle": pickle.dumps}
    if cloudpickle:
        picklers["cloudpickle"] = cloudpickle.dumps
        cloudpickle.register_pickle_by_value(sortedcontainers)
    routes = {name: ToBareWorker(dumps) for name, dumps in picklers.items()}
    outcomes = send_all(routes, lambda jobs, name: jobs)
    return table_of(
        outcomes, "Run by a worker that has only the standard library", "loads"
    ), outcomes


def to_engine(name, console):
    from engines import ENGINES

    with Progress(console=console, transient=True) as progress:

        def tracked(jobs, route):
            return progress.track(jobs, description=f"{name}, {route}")

        waiting = progress.add_task(f"starting {name}", total=None)
        engine = ENGINES[name]()
        progress.remove_task(waiting)
        try:
            routes = {
                "cppickle": ToEngine(engine, True),
                f"{engine.title} as it comes": ToEngine(engine, False),
            }
            outcomes = send_all(routes, tracked)
        finally:
            engine.close()
    title = f"Run by two worker processes of {engine.title}"
    return table_of(outcomes, title, "there and back"), outcomes


def duration(seconds):
    if seconds == math.inf:
        return "-"
    return f"{seconds * 1e6:.0f} us" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms"


def verdict(outcome):
    return f"[red]{escape(outcome.problem)}" if outcome.problem else "ok"


def table_of(outcomes, title, far):
    ours, *others = outcomes
    table = Table(title=title)
    table.add_column("sent")
    for column in ("bytes", "dumps", far):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("answer")
    for name in others:
        table.add_column(f"with {name}", ratio=1)
    for number, job in enumerate(JOBS):
        mine = outcomes[ours][number]
        table.add_row(
            job.what,
            str(mine.size or "-"),
            duration(mine.dumps),
            duration(mine.far),
            verdict(mine) if mine.problem else escape(str(mine.answer)),
            *(verdict(outcomes[name][number]) for name in others),
        )
    return table


def main():
    arguments = argparse.ArgumentParser(description="Send Python code to workers.")
    arguments.add_argument("--engine", help="dask, ray, spark, joblib or processes")
    engine = arguments.parse_args().engine
    console = Console()
    if not console.is_terminal:
        console = Console(width=130)
    table, outcomes = to_engine(engine, console) if engine else to_bare_workers()
    console.print(table)
    wrong = [
        job.what
        for job, outcome in zip(JOBS, outcomes["cppickle"], strict=True)
        if outcome.problem
    ]
    if wrong:
        console.print(f"cppickle got it wrong: {', '.join(wrong)}", style="red")
        return 1
    console.print(f"cppickle: {len(JOBS)} of {len(JOBS)} answers are right.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
