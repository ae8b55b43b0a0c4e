"""A process that loads streams, each in a child of its own, and describes what it got.

Started by path in a bare interpreter: `far_end.py FOLDER`, the folder of the importable
modules. Requests are streams, answers are texts, each after its length.
"""

import importlib
import os
import pickle
import subprocess
import sys
import traceback

# In reports of errors: code of the case, what it put into a module, what it registered.
MISSING_HERE = ('File "<case>"', "on <module 'fuzz_", "unregistered extension code")


class FarEnd:
    """The near side of such a process."""

    def __init__(self, folder):
        flags = ["-I", "-S", "-X", "faulthandler"]
        self.process = subprocess.Popen(
            [sys.executable, *flags, __file__, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def describe(self, stream):
        """The description of what `stream` gives there; None where it is opaque."""
        pickle.dump(stream, self.process.stdin)
        self.process.stdin.flush()
        return pickle.load(self.process.stdout)


def answer(stream):
    """What a child says about the stream."""
    try:
        return sys.modules["describe"].described(pickle.loads(stream))
    except BaseException:
        report = traceback.format_exc()
    if any(sign in report for sign in MISSING_HERE):
        return None
    return "error: " + report


def in_child(stream):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "wb") as file:
            file.write(pickle.dumps(answer(stream)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        text = file.read()
    status = os.waitpid(child, 0)[1]
    return text or pickle.dumps(f"error: exit status {status}")


def serve():
    sys.path[:0] = [sys.argv[1], os.path.dirname(os.path.abspath(__file__))]
    importlib.import_module("describe")
    sys.setrecursionlimit(5000)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            stream = pickle.load(requests)
        except EOFError:
            return
        answers.write(in_child(stream))
        answers.flush()


if __name__ == "__main__":
    serve()
