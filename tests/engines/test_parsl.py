"""Parsl: the high-throughput executor with two worker processes."""

import os
import pathlib
import sys

import parsl
import pytest
from engines.contract import Contract
from parsl.serialize import facade

import cppickle.integrations.parsl as integration

SECONDS = 60
BIN = pathlib.Path(sys.executable).parent


@pytest.fixture(scope="module")
def parsl_running(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("parsl"))
    os.environ["PATH"] = f"{BIN}:{os.environ['PATH']}"  # for Parsl's own commands
    executor = parsl.HighThroughputExecutor(
        label="local",
        address="127.0.0.1",
        loopback_address="127.0.0.1",
        max_workers_per_node=2,
        cores_per_worker=0.1,
        encrypted=False,
        worker_logdir_root=folder,
        provider=parsl.providers.LocalProvider(init_blocks=1, max_blocks=1),
    )
    integration.install()
    with parsl.load(parsl.Config(executors=[executor], run_dir=folder)):
        yield
    integration.uninstall()


class TestParsl(Contract):
    @pytest.fixture
    def call(self, parsl_running):
        return lambda f, *args: parsl.python_app(f)(*args).result(SECONDS)

    @pytest.fixture
    def call_many(self, parsl_running):
        def run(f, items):
            app = parsl.python_app(f)
            return [future.result(SECONDS) for future in [app(i) for i in items]]

        return run

    def test_the_workers_answer_in_the_same_way(self, call):
        assert call(integration.installed) is True


def test_all_is_as_before_after_uninstall():
    integration.uninstall()
    before = list(facade.methods_for_code), list(facade.methods_for_data)
    integration.install()
    assert next(iter(facade.methods_for_code)).startswith(b"cppickle.integrations")
    integration.uninstall()
    assert (list(facade.methods_for_code), list(facade.methods_for_data)) == before
