"""mpi4py: ``mpirun -n 3 python -m mpi4py.futures -m pytest``, so two ranks serve."""

import os
import pathlib
import subprocess
import sys

import mpi4py.futures
import mpi4py.util.pkl5
import pytest
from engines.contract import Contract
from mpi4py import MPI

import cppickle.integrations.mpi as integration

SECONDS = 20


class TestFutures(Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def pool(cls):
        integration.install()
        with mpi4py.futures.MPIPoolExecutor(initializer=integration.install) as pool:
            yield pool
        integration.uninstall()

    @pytest.fixture
    def call(self, pool):
        return lambda f, *args: pool.submit(f, *args).result(SECONDS)

    @pytest.fixture
    def call_many(self, pool):
        return lambda f, items: list(pool.map(f, items, timeout=SECONDS))

    def test_the_workers_are_switched(self, call):
        assert call(integration.installed) is True


def test_all_is_as_before_after_uninstall():
    pickles = MPI.pickle, mpi4py.util.pkl5.pickle
    with pytest.raises(Exception, match="lambda"):
        MPI.pickle.dumps(lambda: 1)
    integration.install()
    assert integration.installed()
    assert all(MPI.pickle.loads(p.dumps(lambda: 1))() == 1 for p in pickles)
    integration.uninstall()
    for pickle in pickles:
        with pytest.raises(Exception, match="lambda"):
            pickle.dumps(lambda: 1)


def test_two_ranks_exchange_functions_and_arrays():
    script = pathlib.Path(__file__).with_name("mpi_ranks.py")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI", "PMIX"))}
    mpirun = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2"]
    done = subprocess.run(
        [*mpirun, sys.executable, script],
        env=clean,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["rank", "1", "is", "content"]
