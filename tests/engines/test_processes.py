"""The contract on concurrent.futures and multiprocessing, however processes start."""

import multiprocessing

import pytest
from engines.contract import Contract

import cppickle
import cppickle.integrations.processes

METHODS = ["fork", "spawn", "forkserver"]
SECONDS = 20


@pytest.fixture(scope="class", params=METHODS)
def context(request):
    return multiprocessing.get_context(request.param)


class TestExecutor(Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def pool(cls, context):
        with cppickle.ProcessPoolExecutor(2, context) as pool:
            yield pool

    @pytest.fixture
    def call(self, pool):
        return lambda f, *args: pool.submit(f, *args).result(SECONDS)

    @pytest.fixture
    def call_many(self, pool):
        return lambda f, items: list(pool.map(f, items, timeout=SECONDS))


class TestPool(Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def pool(cls, context):
        cppickle.integrations.processes.install()
        try:
            with context.Pool(2) as pool:
                yield pool
        finally:
            cppickle.integrations.processes.uninstall()

    @pytest.fixture
    def call(self, pool):
        return lambda f, *args: pool.apply_async(f, args).get(SECONDS)

    @pytest.fixture
    def call_many(self, pool):
        return lambda f, items: pool.map_async(f, items, chunksize=1).get(SECONDS)
