"""joblib and loky: the environment variable, the function, and an older joblib."""

import subprocess
import sys
import textwrap

import joblib
import pytest
from engines.contract import Contract

import cppickle
import cppickle.integrations.joblib as integration

SECONDS = 20


class TestJoblib(Contract):
    @pytest.fixture(autouse=True)
    def switched(self):
        integration.install()
        yield
        integration.uninstall()

    @pytest.fixture
    def call_many(self):
        parallel = joblib.Parallel(n_jobs=2, batch_size=1, timeout=SECONDS)
        return lambda f, items: parallel(joblib.delayed(f)(item) for item in items)

    @pytest.fixture
    def call(self):
        parallel = joblib.Parallel(n_jobs=2, timeout=SECONDS)
        return lambda f, *args: parallel([joblib.delayed(f)(*args)])[0]

    def test_the_workers_use_it(self, call):
        assert call(integration.installed) is True

    def test_wrapped_objects(self, call):
        wrapped = joblib.wrap_non_picklable_objects(lambda x: x + 1)
        assert call(wrapped, 1) == 2


loky = pytest.importorskip("loky") if "joblib-old" not in sys.prefix else None


@pytest.mark.skipif(loky is None, reason="loky is not installed")
class TestLoky(Contract):
    @pytest.fixture(scope="class")
    @classmethod
    def executor(cls):
        integration.install()
        executor = loky.get_reusable_executor(max_workers=2)
        yield executor
        executor.shutdown(kill_workers=True)
        integration.uninstall()

    @pytest.fixture
    def call(self, executor):
        return lambda f, *args: executor.submit(f, *args).result(SECONDS)

    @pytest.fixture
    def call_many(self, executor):
        return lambda f, items: list(executor.map(f, items, timeout=SECONDS))


def test_all_is_as_before_after_uninstall():
    from joblib.externals.loky import cloudpickle_wrapper
    from joblib.externals.loky.backend import reduction

    before = reduction.get_loky_pickler_name(), cloudpickle_wrapper.dumps
    integration.install()
    integration.install()
    assert integration.installed()
    assert issubclass(reduction.get_loky_pickler(), cppickle.Pickler)
    integration.uninstall()
    assert not integration.installed()
    assert (reduction.get_loky_pickler_name(), cloudpickle_wrapper.dumps) == before


def test_the_environment_variable_is_enough():
    program = """
        import joblib
        from joblib.externals.loky.backend import reduction

        count = 0
        def bump(n):
            global count
            count += n
            return reduction.get_loky_pickler_name(), count

        print(*joblib.Parallel(n_jobs=2)(joblib.delayed(bump)(i) for i in (1, 2)))
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={"LOKY_PICKLER": "cppickle", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["('cppickle',", "1)", "('cppickle',", "2)"], done
