"""Fixtures that speak the domain: what the tests of cppickle say to each other."""

import gc
import pickle

import pytest
from support import senders
from support.processes import Worker, passed_on

import cppickle


@pytest.fixture(scope="session", autouse=True)
def code_that_runs_at_any_time():
    """In a build that checks borrows: Python code whenever the collector may run.

    A finalizer may run then, too. The build ends the process where the engine holds
    pointers to objects of the user meanwhile.
    """
    if not hasattr(cppickle._core, "_call_while_borrowing"):
        yield
        return
    before = gc.get_threshold()
    gc.set_threshold(5)
    gc.callbacks.append(run_as_finalizer)
    yield
    gc.callbacks.remove(run_as_finalizer)
    gc.set_threshold(*before)


def run_as_finalizer(phase, info):
    del phase, info


@pytest.fixture
def roundtrip():
    """Dump and load `obj` in this process."""

    def there_and_back(obj, protocol=None):
        return pickle.loads(cppickle.dumps(obj, protocol))

    return there_and_back


@pytest.fixture
def same_bytes():
    """Assert that `obj` gives the standard pickler's bytes, at every protocol."""

    def check(obj, protocols=range(pickle.HIGHEST_PROTOCOL + 1)):
        for protocol in protocols:
            assert cppickle.dumps(obj, protocol) == pickle.dumps(obj, protocol)

    return check


@pytest.fixture
def bare_worker():
    """A process that has only the standard library."""
    with Worker() as worker:
        yield worker


@pytest.fixture
def peer():
    """Another process that has cppickle."""
    with Worker(bare=False) as worker:
        yield worker


@pytest.fixture(params=["first hop", "second hop"])
def in_fresh_process(request):
    """Send `obj` to a bare process and ask there about ``obj``.

    On the second hop it goes by way of a process that has cppickle: loaded there,
    dumped there, and loaded by the bare process. One question gives its answer,
    several give a list.
    """

    def ask(obj, *questions, protocol=None):
        stream = cppickle.dumps(obj, protocol)
        for _ in range(3):  # from the second time on it is recorded, or repeated
            assert cppickle.dumps(obj, protocol) == stream
        if request.param == "second hop":
            stream = passed_on(stream, protocol)
        with Worker() as worker:
            worker.load(stream)
            answers = [worker.ask(question) for question in questions]
        return answers[0] if len(answers) == 1 else answers

    return ask


@pytest.fixture(scope="session")
def host_of_senders():
    """A process whose forks are senders."""
    with senders.Senders() as host:
        yield host


@pytest.fixture(scope="session")
def host_of_workers():
    """A bare process whose forks are workers."""
    with senders.living_worker() as worker:
        yield worker


@pytest.fixture
def on_one_worker(host_of_senders, host_of_workers):
    """Tell stories, each to one bare worker: its answers after each load.

    One story gives its list of answers, several give a list of lists.
    """

    def tell(*stories, worker=host_of_workers):
        pairs = senders.told(host_of_senders, worker, stories)
        answers = [own if there == ["not sent"] else there for there, own in pairs]
        return answers[0] if len(answers) == 1 else answers

    return tell


@pytest.fixture
def here_and_there(host_of_senders, host_of_workers):
    """The same, beside the senders' own answers: pairs of lists, worker's first."""

    def tell(*stories, worker=host_of_workers):
        return list(senders.told(host_of_senders, worker, stories))

    return tell
