"""The far end of support.senders: runs scripts, each in a fork and in ``__main__``.

A fork costs a few milliseconds and has a ``__main__`` of its own, which starts empty.
What was imported before is there already; nothing was dumped before.
"""

import builtins
import importlib
import os
import pickle
import sys

from support.worker import evaluate, in_fork

IMPORTED = """array collections csv dataclasses datetime decimal enum fractions
functools io ipaddress json logging operator pathlib random re types typing uuid"""


def run(library, versions, send, ask, repeats):
    """Run `versions` one after another; the stream and the own answer after each.

    A version is a list of cells with their file names. What `send` gives is dumped
    `repeats` times, and `ask` is asked about it here, where it comes from.
    """
    main = sys.modules["__main__"].__dict__
    return [after(main, library, cells, send, ask, repeats) for cells in versions]


def after(main, library, cells, send, ask, repeats):
    for filename, text in cells:
        exec(compile(text, filename, "exec", dont_inherit=True), main)
    return sent(main, library, send, ask, repeats)


def sent(main, library, send, ask, repeats):
    obj = eval(compile(send, "<send>", "eval"), main)
    for _ in range(repeats):
        stream = library.dumps(obj)
    if ask is None:
        return stream, None
    answer = evaluate(ask, {"obj": obj, "loaded": [obj]})
    return stream, pickle.loads(pickle.dumps(answer))  # as it is now


def in_empty_main(filename, *request):
    main = sys.modules["__main__"].__dict__
    main.clear()
    main.update(__name__="__main__", __builtins__=builtins, __file__=filename)
    return run(*request)


def deliver(library, send, ask):
    """At the end of a script that was started: write what a fork would give."""
    main = sys.modules["__main__"].__dict__
    answer = [sent(main, importlib.import_module(library), send, ask, 1)]
    os.write(1, pickle.dumps(("value", answer)))


def serve(library):
    """Answer requests: lists of what in_empty_main() takes, each run in a fork."""
    library = importlib.import_module(library)
    for module in IMPORTED.split():
        importlib.import_module(module)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            batch = pickle.load(requests)
        except EOFError:
            return
        pickle.dump(
            [
                in_fork(in_empty_main, filename, library, *rest)
                for filename, *rest in batch
            ],
            answers,
        )
        answers.flush()
