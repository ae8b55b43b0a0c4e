"""multiprocessing with cppickle: pools, processes, queues, and what was registered."""

import functools
import io
import multiprocessing
import multiprocessing.connection
import multiprocessing.process
import multiprocessing.queues
import multiprocessing.reduction
import os
import pickle
import socket
import types

import pytest
from support.processes import run_child

import cppickle.integrations.processes as integration

SECONDS = 60


@pytest.fixture
def switched():
    integration.install()
    yield
    integration.uninstall()


@pytest.fixture(params=multiprocessing.get_all_start_methods())
def context(request, switched):
    return multiprocessing.get_context(request.param)


def test_a_process_with_a_lambda_and_a_queue(context):
    queue = context.Queue()
    process = context.Process(target=lambda: queue.put(lambda: 3))
    process.start()
    assert queue.get(timeout=SECONDS)() == 3
    process.join(SECONDS)
    assert process.exitcode == 0


def test_a_pipe_and_a_connection_in_a_closure(context):
    here, there = context.Pipe()
    process = context.Process(target=lambda: there.send((os.getpid(), lambda x: -x)))
    process.start()
    assert here.poll(SECONDS)
    pid, negative = here.recv()
    process.join(SECONDS)
    assert pid == process.pid
    assert negative(2) == -2


def test_locks_and_events_go_to_processes_that_start(context):
    lock, event = context.Lock(), context.Event()

    def wait():
        with lock:
            event.set()

    process = context.Process(target=wait)
    process.start()
    assert event.wait(SECONDS)
    process.join(SECONDS)
    assert process.exitcode == 0


def test_a_socket_through_a_pipe(switched):
    left, right = socket.socketpair()
    here, there = multiprocessing.Pipe()
    here.send([left])
    (again,) = there.recv()
    again.sendall(b"hello")
    assert right.recv(5) == b"hello"
    for end in (left, right, again):
        end.close()


def test_a_lock_in_a_message_is_refused_as_before(switched):
    here, _ = multiprocessing.Pipe()
    with pytest.raises(RuntimeError, match="inheritance"):
        here.send([multiprocessing.Lock()])


def test_methods_and_partials_in_messages(switched):
    class Base:
        def named(self):
            return "base"

    class Derived(Base):
        named = None

        def up(self):
            return super().named

    tagged = functools.partial(int, "7")
    tagged.tag = "kept"
    here, there = multiprocessing.Pipe()
    here.send([Derived().up(), types.MethodType(lambda n: n + 1, 4), tagged])
    up, method, partial = there.recv()
    assert (up(), method(), partial(), partial.tag) == ("base", 5, 7, "kept")


def test_a_manager(switched):
    with multiprocessing.get_context("spawn").Manager() as manager:
        shared = manager.dict()
        shared["f"] = lambda: 4
        assert shared["f"]() == 4


def test_reducers_that_are_registered_later(switched):
    class Special:
        pass

    multiprocessing.reduction.ForkingPickler.register(Special, lambda s: (int, (7,)))
    try:
        here, there = multiprocessing.Pipe()
        here.send([Special()])
        assert there.recv() == [7]
    finally:
        del integration.ByValuePickler._extra_reducers[Special]


def test_what_is_switched():
    names = [
        (multiprocessing.reduction, "ForkingPickler"),
        (multiprocessing.reduction, "dump"),
        (multiprocessing.connection, "_ForkingPickler"),
        (multiprocessing.queues, "_ForkingPickler"),
        (multiprocessing.process.BaseProcess, "start"),
        (multiprocessing.process.BaseProcess, "_bootstrap"),
    ]
    before = [getattr(module, name) for module, name in names]
    integration.install()
    integration.install()
    now = [getattr(module, name) for module, name in names]
    assert integration.installed()
    assert not set(now) & set(before)
    integration.uninstall()
    integration.uninstall()
    assert [getattr(module, name) for module, name in names] == before
    assert not integration.installed()


def test_dump_and_dumps_are_those_of_multiprocessing(switched):
    file = io.BytesIO()
    multiprocessing.reduction.dump([1], file)
    sent = multiprocessing.reduction.ForkingPickler.dumps(lambda: 2)
    assert pickle.loads(file.getvalue()) == [1]
    assert isinstance(sent, memoryview)
    assert multiprocessing.reduction.ForkingPickler.loads(sent)() == 2


def test_children_of_a_spawned_pool_are_switched():
    source = """
        import multiprocessing
        import cppickle.integrations.processes as integration

        if __name__ == "__main__":
            integration.install()
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply_async(integration.installed).get(60))
                print(pool.apply_async(lambda: lambda: 8).get(60)())
        """
    assert run_child(source).split() == ["True", "8"]
