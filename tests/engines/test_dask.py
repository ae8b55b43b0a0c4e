"""Dask: clusters of two worker processes, with cppickle and without it."""

import importlib
import pickle
import sys

import dask
import distributed
import numpy
import pytest
from distributed.protocol import pickle as protocol
from engines.contract import Contract, path_of
from engines.processes import dask_cluster, python_without_cppickle

import cppickle
import cppickle.integrations.dask as integration
from cppickle.integrations import EngineError

SECONDS = 20


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(cluster):
    with distributed.Client(cluster, timeout=SECONDS) as client:
        yield client


class CallsByClient:
    @pytest.fixture
    def call(self, switched):
        return lambda f, *args: switched.submit(f, *args, pure=False).result(SECONDS)

    @pytest.fixture
    def call_many(self, switched):
        def map_all(f, items):
            futures = switched.map(f, items, pure=False)
            return [future.result(SECONDS) for future in futures]

        return map_all


class TestInstalled(CallsByClient, Contract):
    @pytest.fixture
    def switched(self, client):
        integration.install(client)
        yield client
        integration.uninstall(client)

    def test_workers_and_scheduler_are_switched(self, switched):
        assert integration.installed()
        assert list(switched.run(integration.installed).values()) == [True, True]
        assert switched.run_on_scheduler(integration.installed)

    def test_a_graph_of_tasks(self, switched):
        inc = dask.delayed(lambda x: x + 1)
        total = dask.delayed(sum)([inc(i) for i in range(10)])
        assert total.compute() == 55


def test_all_is_as_before_after_uninstall(client):
    before = protocol.dumps, protocol.cloudpickle, dask.multiprocessing._dumps
    integration.install(client)
    assert protocol.dumps is integration.dumps
    assert distributed.client.dumps is integration.dumps
    integration.uninstall(client)
    integration.uninstall(client)
    after = protocol.dumps, protocol.cloudpickle, dask.multiprocessing._dumps
    assert after == before
    assert distributed.client.dumps is protocol.dumps
    assert list(client.run(integration.installed).values()) == [False, False]


@pytest.fixture
def local_package(tmp_path, monkeypatch):
    """A package that workers do not find: their path is this process's, without it."""
    folder = tmp_path / "localpk"
    folder.mkdir()
    (folder / "__init__.py").write_text("from .a import C, f\n")
    (folder / "a.py").write_text(
        "class C:\n  def __init__(self, x): self.x = x\n"
        "def f(x):\n  from .b import g\n  return C(g(x))\n"
    )
    (folder / "b.py").write_text("def g(x): return 10 * x\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        package = importlib.import_module("localpk")
    yield package
    for name in [n for n in sys.modules if n.partition(".")[0] == "localpk"]:
        del sys.modules[name]


def test_local_modules_are_shipped_once(local_package):
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster, timeout=SECONDS) as client,
    ):
        integration.install(client, ship=["localpk"])
        try:
            found = client.submit(local_package.f, 3, pure=False).result(SECONDS)
            assert type(found) is local_package.C
            assert found.x == 30
            cluster.scale(2)
            client.wait_for_workers(2, timeout=SECONDS)
            work = {
                worker: client.submit(local_package.f, 4, workers=[worker], pure=False)
                for worker in client.scheduler_info()["workers"]
            }
            assert [future.result(SECONDS).x for future in work.values()] == [40, 40]
            assert len(integration.dumps(local_package.f)) < 1000
        finally:
            integration.uninstall(client)


# --- The function that replaces distributed's -----------------------------------------


@pytest.fixture
def here():
    integration.install()
    yield
    integration.uninstall()


def test_buffers_stay_out_of_band(here):
    array = numpy.arange(100_000)
    buffers = []
    stream = protocol.dumps(array, buffer_callback=buffers.append)
    assert len(stream) < 1000
    assert numpy.shares_memory(numpy.asarray(buffers[0].raw()), array)
    assert (protocol.loads(stream, buffers=buffers) == array).all()


def test_one_pass_is_all_that_a_lambda_takes(here, monkeypatch):
    calls = []
    monkeypatch.setattr(protocol.pickle, "dumps", calls.append)
    assert pickle.loads(protocol.dumps(lambda: 7))() == 7
    assert calls == []


class Handle:
    """Cannot be pickled, but has a reducer with ``dask_serialize``."""

    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        raise TypeError("handles cannot be pickled")


def write_handle(handle):
    return {"name": handle.name}, [b"frame"]


def read_handle(header, frames):
    assert list(frames) == [b"frame"]
    return Handle(header["name"])


def test_reducers_of_dask_serialize_are_honoured(here):
    distributed.protocol.dask_serialize.register(Handle)(write_handle)
    distributed.protocol.dask_deserialize.register(Handle)(read_handle)
    handle = Handle("h")
    function, again = protocol.loads(protocol.dumps([lambda: handle.name, handle]))
    assert (function(), again.name) == ("h", "h")


def test_the_error_is_that_of_the_first_attempt(here):
    with pytest.raises(TypeError) as caught:
        protocol.dumps({"a": [sys._getframe()]})
    assert "['a'][0]" in path_of(caught.value)


def test_equal_functions_have_equal_tokens(here):
    def make():
        return lambda x: x + 1

    with dask.config.set({"tokenize.ensure-deterministic": True}):
        assert dask.tokenize.tokenize(make()) == dask.tokenize.tokenize(make())


def test_the_processes_scheduler(here):
    bag = [dask.delayed(lambda x: x * 2)(i) for i in range(4)]
    result = dask.compute(*bag, scheduler="processes", num_workers=2)
    assert result == (0, 2, 4, 6)


# --- Clusters of the command line -----------------------------------------------------


def finds_cppickle():
    def finds():
        import importlib.util

        return importlib.util.find_spec("cppickle") is not None

    return finds


PRELOAD = ["--preload", "cppickle.integrations.dask"]


class FarCluster(CallsByClient, Contract):
    """A cluster of the command line, and a client that is switched."""

    @pytest.fixture(scope="class")
    @classmethod
    def far_client(cls):
        with (
            cls.cluster() as address,
            distributed.Client(address, timeout=SECONDS) as client,
        ):
            yield client

    @pytest.fixture
    def switched(self, far_client):
        integration.install()
        yield far_client
        integration.uninstall()

    @staticmethod
    def cluster():
        raise NotImplementedError


class TestWorkersWithoutCppickle(FarCluster):
    """The client and the scheduler have cppickle; the workers do not."""

    @staticmethod
    def cluster():
        return dask_cluster([sys.executable, *PRELOAD], [python_without_cppickle()])

    def test_they_do_not_have_it(self, switched):
        assert list(switched.run(finds_cppickle()).values()) == [False, False]

    def test_switching_them_says_what_is_missing(self, switched):
        with pytest.raises(EngineError, match="not installed on tcp://"):
            integration.install(switched)
        assert switched.submit(lambda: 1).result(SECONDS) == 1


class TestOnlyTheClientHasCppickle(FarCluster):
    """The scheduler loads what it gets and pickles it again, with cloudpickle."""

    passed_on_whole = False

    @staticmethod
    def cluster():
        return dask_cluster([python_without_cppickle()], [python_without_cppickle()])

    def test_nobody_else_has_it(self, switched):
        assert switched.run_on_scheduler(finds_cppickle()) is False
        assert list(switched.run(finds_cppickle()).values()) == [False, False]


class TestPreloaded(FarCluster):
    """``--preload cppickle.integrations.dask`` switches scheduler and workers."""

    @staticmethod
    def cluster():
        return dask_cluster([sys.executable, *PRELOAD], [sys.executable, *PRELOAD])

    def test_it_is_on(self, switched):
        assert list(switched.run(integration.installed).values()) == [True, True]
        assert switched.run_on_scheduler(integration.installed)


def test_an_asynchronous_client_is_refused():
    class Asynchronous:
        asynchronous = True

    try:
        with pytest.raises(EngineError, match="preload"):
            integration.install(Asynchronous())
    finally:
        integration.uninstall()


def test_modules_registered_with_cloudpickle_are_registered(here):
    import cloudpickle
    from engines import contract

    integration.uninstall()
    cloudpickle.register_pickle_by_value(contract)
    try:
        integration.install()
        assert contract.__name__ in cppickle.list_registry_pickle_by_value()
    finally:
        cloudpickle.unregister_pickle_by_value(contract)
        cppickle.unregister_pickle_by_value(contract)
