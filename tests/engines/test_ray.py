"""Ray: tasks, actors and references, on workers with the setup hook and without."""

import copyreg
import os
import sys
import threading
import types

import numpy
import pytest
import ray
from engines.contract import Contract

import cppickle
import cppickle.integrations.ray as integration
from cppickle.integrations import EngineError

SECONDS = 30


def ray_running(**options):
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=100_000_000,
        **options,
    )


class CallsRay:
    @pytest.fixture
    def call(self, session):
        def called(f, *args):
            return f(*args)

        def run(f, *args):
            # Ray's tasks are functions: methods and partials are arguments of one.
            if not isinstance(f, types.FunctionType):
                f, args = called, (f, *args)
            return ray.get(ray.remote(f).remote(*args), timeout=SECONDS)

        return run

    @pytest.fixture
    def call_many(self, session):
        def run(f, items):
            remote = ray.remote(f)
            return ray.get([remote.remote(i) for i in items], timeout=SECONDS)

        return run

    def test_an_actor(self, session):
        start = 10

        class Counter:
            def __init__(self, step):
                self.value, self.step = start, step

            def up(self):
                self.value += self.step
                return self.value, os.getpid()

        counter = ray.remote(Counter).remote(5)
        answers = ray.get([counter.up.remote() for _ in range(3)], timeout=SECONDS)
        assert [value for value, _ in answers] == [15, 20, 25]
        assert len({pid for _, pid in answers} - {os.getpid()}) == 1

    def test_references_in_closures_and_containers(self, call):
        reference = ray.put(numpy.arange(10))

        def total(more):
            return int(ray.get(reference).sum()) + sum(ray.get(more))

        assert call(total, [ray.put(1), ray.put(2)]) == 48

    def test_an_actor_handle_in_a_closure(self, call):
        class Keeper:
            def get(self):
                return "kept"

        keeper = ray.remote(Keeper).remote()
        assert call(lambda: ray.get(keeper.get.remote())) == "kept"

    def test_arrays_are_not_copied_into_the_stream(self, session):
        buffers = []
        array = numpy.arange(100_000)
        stream = ray.cloudpickle.dumps(
            array, protocol=5, buffer_callback=buffers.append
        )
        assert len(stream) < 1000
        assert len(buffers) == 1

    def test_an_array_is_read_from_shared_memory(self, call):
        flags = call(lambda a: a.flags.writeable, numpy.arange(1_000_000))
        assert flags is False

    def test_reducers_of_users_are_honoured(self, call):
        class Guard:
            def __init__(self):
                self.lock = threading.Lock()
                self.name = "guard"

        ray.util.register_serializer(
            Guard, serializer=lambda g: g.name, deserializer=lambda name: {"was": name}
        )
        try:
            guard = Guard()
            assert call(lambda: guard) == {"was": "guard"}
        finally:
            ray.util.deregister_serializer(Guard)
        with pytest.raises(TypeError, match="lock"):
            call(lambda: guard)


class TestWorkersWithTheSetupHook(CallsRay, Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def session(cls):
        integration.install()
        ray_running(runtime_env=integration.runtime_env())
        yield
        ray.shutdown()
        integration.uninstall()

    def test_the_workers_are_switched(self, call):
        assert call(integration.installed) is True


class TestWorkersWithoutCppickle(CallsRay, Contract):
    """There is no setup hook, and cppickle cannot be imported on the workers."""

    @pytest.fixture(scope="class")
    @classmethod
    def session(cls):
        integration.install()
        hide = "import sys; sys.modules['cppickle'] = None"
        ray_running(runtime_env={"worker_process_setup_hook": hidden(hide)})
        yield
        ray.shutdown()
        integration.uninstall()

    def test_they_do_not_have_it(self, call):
        def import_it():
            import cppickle

            return cppickle

        with pytest.raises(ModuleNotFoundError):
            call(import_it)


def hidden(source):
    """A setup hook that keeps the worker from importing cppickle."""
    return lambda: exec(source)


def test_the_live_table_is_one_for_both_classes():
    table = ray.cloudpickle.CloudPickler.dispatch
    stock = ray.cloudpickle.CloudPickler
    early, late = type("Early", (), {}), type("Late", (), {})
    table[early] = lambda obj: "early"
    before = dict(table.maps[0])
    integration.install()
    try:
        ours = ray.cloudpickle.CloudPickler
        assert issubclass(ours, cppickle.Pickler)
        assert ours.dispatch is stock.dispatch is table
        ray.cloudpickle.Pickler.dispatch[late] = lambda obj: "late"
        for picker in (ours, stock):
            assert early in picker.dispatch_table
            assert late in picker.dispatch_table
        assert copyreg.dispatch_table in ours.dispatch_table.maps
        assert table.pop(early)
        assert early not in ours.dispatch_table
    finally:
        integration.uninstall()
    assert ray.cloudpickle.CloudPickler is stock
    assert set(table.maps[0]) == {*before, late} - {early}
    assert table.pop(late)


def test_modules_registered_by_way_of_ray():
    from engines import contract

    ray.cloudpickle.register_pickle_by_value(contract)
    try:
        integration.install()
        assert contract.__name__ in cppickle.list_registry_pickle_by_value()
        ray.cloudpickle.unregister_pickle_by_value(contract)
        assert contract.__name__ not in cppickle.list_registry_pickle_by_value()
    finally:
        integration.uninstall()
        ray.cloudpickle.unregister_pickle_by_value(contract)


def test_another_setup_hook_is_not_overwritten():
    with pytest.raises(EngineError, match="setup_hook already"):
        integration.runtime_env(worker_process_setup_hook="my.hook")


def test_too_late_for_the_client(monkeypatch):
    monkeypatch.setitem(sys.modules, integration.CLIENT, types.ModuleType("client"))
    with pytest.raises(EngineError, match=r"before ray.init"):
        integration.install()
