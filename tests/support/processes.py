"""Processes of the tests' own: bare workers, peers with cppickle, risky children."""

import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import textwrap
import threading

SCRIPT = str(pathlib.Path(__file__).with_name("worker.py"))
BARE = ["-I", "-S"]  # no site-packages, no environment; hashes are random
BARE_SEEDED = ["-s", "-S"]  # the same, but heeds PYTHONHASHSEED
SECONDS = 120


class FarError(Exception):
    """An exception that was raised in another process."""

    def __init__(self, kind, message, report):
        super().__init__(f"{kind}: {message}\n{report}")
        self.kind = kind
        self.message = message


class Died(AssertionError):
    """The other process ended in the middle of a request."""


def environment(hash_seed=None):
    """This process's environment, without what would bend the other interpreter."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONHASHSEED"}
    if hash_seed is not None:
        kept["PYTHONHASHSEED"] = str(hash_seed)
    return kept


class Worker:
    """Another interpreter that loads streams and answers questions about them.

    By default it is bare: it has the standard library and nothing else, and loads with
    plain ``pickle.loads``. A worker that has cppickle can also pass objects on.
    """

    def __init__(
        self, *, bare=True, hash_seed=None, python=sys.executable, seconds=SECONDS
    ):
        command = [python, *self.flags(bare, hash_seed), SCRIPT]
        env = environment(hash_seed)
        if bare:
            env.pop("PYTHONPATH", None)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=tempfile.gettempdir(),
            env=env,
        )
        self.alarm = threading.Timer(seconds, self.process.kill)
        self.alarm.daemon = True
        self.alarm.start()

    @staticmethod
    def flags(bare, hash_seed):
        if not bare:
            return []
        return BARE if hash_seed is None else BARE_SEEDED

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.alarm.cancel()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def load(self, stream, name="obj", library="pickle", **options):
        """Load `stream` there under `name`."""
        self._request("load", name, bytes(stream), library, options)

    def ask(self, question):
        """The value of the last line of `question`, which must be plain data."""
        return self._request("ask", textwrap.dedent(question))

    def dumps(self, expression="obj", protocol=None):
        """Dump there what `expression` gives, with that process's cppickle."""
        return self._request("dumps", expression, protocol)

    def run_main(self, source):
        """Run `source` in that process's real ``__main__``."""
        self._request("run_main", textwrap.dedent(source))

    def live(self, stories):
        """The answers of each story, told in a fork of this worker of its own.

        A story is a list of streams with the question to ask after the load.
        """
        return self._request("live", stories)

    def _request(self, *request):
        try:
            pickle.dump(request, self.process.stdin, protocol=4)
            self.process.stdin.flush()
            kind, *rest = pickle.load(self.process.stdout)
        except (EOFError, BrokenPipeError):
            status = self.process.wait()
            raise Died(f"exit status {status} in {request[0]!r}") from None
        if kind == "error":
            raise FarError(*rest)
        return rest[0]


def passed_on(stream, protocol=None):
    """`stream` loaded in a process that has cppickle, and dumped again there."""
    with Worker(bare=False) as peer:
        peer.load(stream)
        return peer.dumps("obj", protocol)


def dumped_in_main(source, expression, *, hash_seed=None, protocol=None):
    """The stream of `expression` after `source` ran in a real ``__main__``."""
    with Worker(bare=False, hash_seed=hash_seed) as sender:
        sender.run_main(source)
        return sender.dumps(expression, protocol)


def run_child(source, *, seconds=SECONDS, flags=()):
    """Run `source` in a child; its output, once it has ended without harm.

    For tests of what could crash: an end by signal or by an exception fails them.
    """
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", *flags, "-c", textwrap.dedent(source)],
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment(),
        cwd=tempfile.gettempdir(),
    )
    if done.returncode:
        raise Died(f"exit status {done.returncode}\n{done.stderr[-4000:]}")
    return done.stdout
