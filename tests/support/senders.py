"""Several senders at one path, and the one worker that lives through all of them.

A story has processes; a process runs versions of its source one after another, and
sends after each. A version may consist of cells, with ``# %%`` between them.
SENDING_LIBRARY=cloudpickle in the environment tells what cloudpickle would answer.
"""

import dataclasses
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import textwrap
import zlib

from support.processes import FarError, Worker, environment
from support.sender import IMPORTED

LIBRARY = os.environ.get("SENDING_LIBRARY", "cppickle")
TESTS = str(pathlib.Path(__file__).parent.parent)
SERVE = "from support import sender\nsender.serve({!r})"
DELIVER = "\n__import__('support.sender').sender.deliver({!r}, {!r}, {!r})\n"
FOLDER = tempfile.gettempdir()
NAMES = {
    "script": lambda cell: os.path.join(FOLDER, "script.py"),
    "ipykernel": lambda cell: f"{FOLDER}/ipykernel_7/{zlib.crc32(cell.encode())}.py",
    "console": lambda cell: "<stdin>",
}


@dataclasses.dataclass
class Story:
    """What happens: processes with the versions that they run, and what is sent.

    send: an expression for what is dumped, in the sender's ``__main__``.
    ask: the question to the worker after each load, or a question for each load.
    here: the question to the sender after each dump, if it is to answer as well.
    repeats: how often each version is dumped; from the second time on it is recorded.
    again: numbers of streams that are loaded once more at the end.
    """

    processes: list
    send: str = "Job()"
    ask: object = "obj.run()"
    here: str = None
    repeats: int = 1
    again: tuple = ()
    names: str = "script"

    def requests(self):
        """What the host of the senders is asked for, process by process."""
        name = NAMES[self.names]
        for versions in self.processes:
            cells = [
                [(name(cell), cell) for cell in textwrap.dedent(v).split("# %%\n")]
                for v in versions
            ]
            yield name(""), cells, self.send, self.here, self.repeats

    def loads(self, streams):
        """The streams with the questions; nothing where a sender has failed."""
        if not streams:
            return []
        streams = [*streams, *(streams[n] for n in self.again)]
        asked = [self.ask] * len(streams) if isinstance(self.ask, str) else self.ask
        assert len(asked) == len(streams)
        return [(s, textwrap.dedent(q)) for s, q in zip(streams, asked)]


def runs(*sources, **options):
    """The script is edited, and run anew: a process for each source."""
    return Story([[source] for source in sources], **options)


def session(*sources, **options):
    """One process, which defines anew or changes in place, and sends after each."""
    return Story([list(sources)], **options)


class Senders:
    """A process whose forks are the senders, or scripts that are started one by one."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE.format(LIBRARY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment(), "PYTHONPATH": TESTS},
            cwd=FOLDER,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def streams(self, stories):
        """For each story the streams of all its processes, and the own answers."""
        requests = [list(story.requests()) for story in stories]
        pickle.dump([r for some in requests for r in some], self.process.stdin)
        self.process.stdin.flush()
        replies = iter(pickle.load(self.process.stdout))
        for some in requests:
            sent = [next(replies) for _ in some]
            wrong = [report for kind, report in sent if kind == "error"]
            pairs = [pair for kind, value in sent if not wrong for pair in value]
            yield [stream for stream, _ in pairs], wrong or [own for _, own in pairs]


def started(folder, *sources, send="Job()"):
    """The streams of scripts that are started, one after another at one path."""
    path = pathlib.Path(folder, "script.py")
    for source in sources:
        end = DELIVER.format(LIBRARY, send, None)
        path.write_text(textwrap.dedent(source) + end)
        done = subprocess.run(
            [sys.executable, str(path)],
            stdout=subprocess.PIPE,
            check=True,
            env={**environment(), "PYTHONPATH": TESTS},
        )
        [(stream, _)] = value_of(pickle.loads(done.stdout))
        yield stream


def value_of(reply):
    kind, value = reply
    if kind == "error":
        raise FarError("in the sender", "", value)
    return value


def living_worker(*, bare=True):
    """A worker that forks for each story; with cloudpickle it has to have that."""
    worker = Worker(bare=bare and LIBRARY == "cppickle", seconds=3600)
    worker.ask("import " + ", ".join(IMPORTED.split()))
    return worker


def plain(answer):
    """The value that a worker answered; an error is a text, to be compared as well."""
    kind, value = answer
    return pickle.loads(value) if kind == "value" else value


def told(senders, worker, stories):
    """For each story the answers of the worker and those of the senders.

    Of a sender that fails: "not sent", and its traceback.
    """
    sent = list(senders.streams(stories))
    loads = [story.loads(streams) for story, (streams, _) in zip(stories, sent)]
    for reply, (streams, own) in zip(worker.live(loads), sent):
        answers = [plain(answer) for answer in value_of(reply)]
        yield (answers if streams else ["not sent"]), own
