"""Prefect: its serializer of results, and calls that it sends to processes."""

import concurrent.futures

import pytest
from engines.contract import Contract
from prefect.serializers import PickleSerializer
from prefect.utilities.callables import cloudpickle_wrapped_call

import cppickle
import cppickle.integrations.prefect as integration

SECONDS = 30


class TestCallsInProcesses(Contract):
    """What ProcessPoolTaskRunner does with a task, without a server."""

    @pytest.fixture(scope="class")
    @classmethod
    def pool(cls):
        integration.install()
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            yield pool
        integration.uninstall()

    @pytest.fixture
    def call(self, pool):
        def run(f, *args):
            wrapped = cloudpickle_wrapped_call(f, *args)
            return cppickle.loads(pool.submit(wrapped).result(SECONDS))

        return run

    @pytest.fixture
    def call_many(self, pool):
        def run(f, items):
            futures = [pool.submit(cloudpickle_wrapped_call(f, item)) for item in items]
            return [cppickle.loads(future.result(SECONDS)) for future in futures]

        return run


def test_results_by_the_documented_setting():
    class Report:
        def __init__(self, lines):
            self.lines = lines

    serializer = PickleSerializer(picklelib="cppickle")
    again = serializer.loads(serializer.dumps(Report([1])))
    assert type(again) is Report
    assert again.lines == [1]


def test_all_is_as_before_after_uninstall():
    import cloudpickle
    from prefect.utilities import callables, hashing

    integration.uninstall()
    integration.install()
    assert callables.cloudpickle is cppickle
    assert hashing.cloudpickle.__name__ == "cppickle"
    assert integration.installed()
    integration.uninstall()
    assert callables.cloudpickle is hashing.cloudpickle is cloudpickle
