"""A library on disk that sender and workers have, and what it makes of what is sent."""

import contextlib
import importlib
import os
import sys

import cppickle
from support.processes import Worker


@contextlib.contextmanager
def installed(folder, monkeypatch, files, name):
    """The module `name` of `files`, which this process and its children can import.

    Args:
        folder: an empty folder.
        monkeypatch: undoes the change of the paths.
        files: relative paths and their sources.
        name: the module to import; all modules of its prefix, up to "_", go at the end.
    """
    for path, source in files.items():
        place = folder / path
        place.parent.mkdir(exist_ok=True)
        place.write_text(source)
    folders = filter(None, [str(folder), os.environ.get("PYTHONPATH")])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module(name)
    prefix = name.split("_")[0] + "_"
    for loaded in [n for n in sys.modules if n.startswith(prefix)]:
        del sys.modules[loaded]


def far(name, obj, question):
    """The answer of a process that has the module `name`, and of the next one.

    The second process gets from the first what that has loaded.
    """
    stream = cppickle.dumps(obj)
    for _ in range(3):  # recorded, or repeated
        assert cppickle.dumps(obj) == stream
    with Worker(bare=False) as first, Worker(bare=False) as second:
        first.load(stream)
        second.load(first.dumps("obj"))
        asked = f"import {name}\n{question}"
        answers = [worker.ask(asked) for worker in (first, second)]
    assert answers[0] == answers[1]
    return answers[0]
