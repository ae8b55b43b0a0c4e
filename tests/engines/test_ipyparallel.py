"""ipyparallel: a cluster of two engines."""

import ipyparallel
import pytest
from engines.contract import Contract

import cppickle
import cppickle.integrations.ipyparallel as integration

SECONDS = 30


class TestIpyparallel(Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def client(cls):
        with ipyparallel.Cluster(n=2, log_level=40) as client:
            client.wait_for_engines(2, timeout=SECONDS)
            integration.install(client[:])
            yield client
            integration.uninstall(client[:])

    @pytest.fixture
    def call(self, client):
        return lambda f, *args: client[0].apply_async(f, *args).get(SECONDS)

    @pytest.fixture
    def call_many(self, client):
        view = client.load_balanced_view()
        return lambda f, items: view.map_async(f, items).get(SECONDS)

    def test_the_engines_are_switched(self, client):
        assert client[:].apply_async(integration.installed).get(SECONDS) == [True, True]


def test_all_is_as_before_after_uninstall():
    from ipyparallel.serialize import canning, serialize

    before = serialize.pickle, dict(canning.can_map)
    integration.install()
    assert serialize.pickle is cppickle
    integration.uninstall()
    assert (serialize.pickle, dict(canning.can_map)) == before
