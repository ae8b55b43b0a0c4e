"""What cannot be sent raises the error type that pickle itself raises."""

import contextlib
import functools
import io
import pickle
import queue
import select
import socket
import subprocess
import sys
import threading

import pytest
from support.source import define

import cppickle


def generator():
    yield 1


async def coroutine():
    pass


async def async_generator():
    yield 1


def traceback():
    try:
        raise ValueError
    except ValueError as error:
        return error.__traceback__


def closed_file():
    file = io.TextIOWrapper(io.BytesIO())
    file.close()
    return file


MAKERS = {
    "a lock": threading.Lock,
    "a recursive lock": threading.RLock,
    "a condition": threading.Condition,
    "a thread": threading.Thread,
    "thread locals": threading.local,
    "a queue": queue.Queue,
    "a simple queue": queue.SimpleQueue,
    "a socket": socket.socket,
    "a generator": generator,
    "an async generator": async_generator,
    "a frame": sys._getframe,
    "a traceback": traceback,
    "a binary file": functools.partial(open, sys.executable, "rb"),
    "a buffered stream": lambda: io.BufferedReader(io.BytesIO()),
    "a database": lambda: pytest.importorskip("sqlite3").connect(":memory:"),
    "a C pointer": lambda: pytest.importorskip("ctypes").c_char_p(b"text"),
    "a pickler": lambda: pickle.Pickler(io.BytesIO()),
    "an unpickler": lambda: pickle.Unpickler(io.BytesIO()),
}

PLACES = {
    "alone": lambda obj: obj,
    "in a list": lambda obj: ["text", obj],
    "in a dict": lambda obj: {"k": obj},
    "in an instance": lambda obj: Holder(obj),
}


class Holder:
    def __init__(self, held):
        self.held = held


@pytest.fixture(params=MAKERS)
def unpicklable(request):
    obj = MAKERS[request.param]()
    yield obj
    with contextlib.suppress(AttributeError, RuntimeError, TypeError):
        obj.close()


@pytest.mark.parametrize("place", PLACES)
def test_refused_as_pickle_does(unpicklable, place):
    obj = PLACES[place](unpicklable)
    with pytest.raises(Exception) as expected:
        pickle.dumps(obj)
    with pytest.raises(expected.type):
        cppickle.dumps(obj)


def test_refused_behind_functions_and_classes(unpicklable):
    with pytest.raises(Exception) as expected:
        pickle.dumps(unpicklable)
    made = define("def f(): return x\nclass C:\n  y = x", x=unpicklable)
    for obj in (made.f, made.C, made.C()):
        with pytest.raises(expected.type):
            cppickle.dumps(obj)


def test_a_coroutine_is_refused():
    started = coroutine()
    try:
        with pytest.raises(TypeError):
            cppickle.dumps(started)
    finally:
        started.close()


def test_a_closed_file_is_refused():
    with pytest.raises((TypeError, pickle.PicklingError)):
        cppickle.dumps(closed_file())


def test_a_process_is_refused():
    process = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)
    with process, pytest.raises(TypeError):
        cppickle.dumps(process)


def test_a_poll_object_is_refused():
    with pytest.raises(TypeError):
        cppickle.dumps(select.poll())


HARDLY_IMPORTABLE_TYPES = [
    type(iter([])),
    type({}.keys()),
    type(iter({}.items())),
    type(iter("")),
    type(iter(set())),
]


@pytest.mark.parametrize(
    "kind", HARDLY_IMPORTABLE_TYPES, ids=lambda kind: kind.__name__
)
def test_a_c_type_goes_by_reference_or_not_at_all(kind):
    """No module may hold it; then there is nothing to rebuild it from."""
    try:
        stream = cppickle.dumps(kind)
    except pickle.PicklingError:
        return
    assert pickle.loads(stream) is kind


def test_a_c_type_that_no_module_holds_is_refused():
    with pytest.raises(pickle.PicklingError):
        cppickle.dumps(type(select.poll()))


def test_a_class_by_reference_that_is_not_there():
    """What claims a module of the library is no class of ours to rebuild."""
    made = define("class C: pass")
    made.C.__module__ = "json"
    stream = cppickle.dumps(made.C)
    assert pickle.loads(stream) is made.C
