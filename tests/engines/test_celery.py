"""Celery on Redis: a worker with two processes, and kombu's entry point."""

import contextlib
import importlib
import importlib.metadata
import os
import pathlib
import sys
import threading

import kombu.serialization
import pytest
from engines.contract import Contract, path_of
from engines.processes import free_port, running
from kombu.exceptions import ContentDisallowed

import cppickle.integrations.celery as integration

SECONDS = 30
HERE = pathlib.Path(__file__).parent


class TestCelery(Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def app(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("celery")
        port = free_port()
        os.environ["CELERY_REDIS"] = f"redis://127.0.0.1:{port}/0"
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        broker = ["redis-server", "--port", str(port), "--bind", "127.0.0.1"]
        broker += ["--save", "", "--dir", str(folder)]
        worker = [sys.executable, "-m", "celery", "-A", "celery_app", "worker"]
        worker += ["--concurrency=2", "--pool=prefork", "-Ofair"]
        with contextlib.ExitStack() as stack:
            log = stack.enter_context((folder / "log").open("w"))
            output = {"stdout": log, "stderr": log, "env": environment}
            stack.enter_context(running(broker, **output))
            stack.enter_context(running(worker, **output))
            sys.path.insert(0, str(HERE))
            yield importlib.import_module("celery_app")
            sys.path.remove(str(HERE))

    @pytest.fixture
    def call(self, app):
        return lambda f, *args: app.call.delay(f, args).get(SECONDS)

    @pytest.fixture
    def call_many(self, app):
        def run(f, items):
            sent = [app.call.delay(f, (item,)) for item in items]
            return [one.get(SECONDS) for one in sent]

        return run


def test_the_entry_point_is_what_kombu_wants():
    (entry,) = importlib.metadata.entry_points(
        group="kombu.serializers", name="cppickle"
    )
    assert entry.load() is integration.SERIALIZER
    assert integration.installed()


def test_uninstall_and_install():
    integration.uninstall()
    assert not integration.installed()
    integration.install()
    content_type, encoding, data = kombu.serialization.dumps(lambda: 5, "cppickle")
    assert (
        kombu.serialization.loads(data, content_type, encoding, {content_type})() == 5
    )


def test_it_is_loaded_only_where_it_is_accepted():
    content_type, encoding, data = kombu.serialization.dumps([1], "cppickle")
    with pytest.raises(ContentDisallowed):
        kombu.serialization.loads(data, content_type, encoding, accept={"json"})


def test_an_error_keeps_its_path():
    with pytest.raises(Exception) as caught:
        kombu.serialization.dumps({"a": threading.Lock()}, "cppickle")
    assert "['a']" in path_of(caught.value)
