"""MLflow: Python models that one process saves and a plain one loads."""

import subprocess
import sys

import cloudpickle
import mlflow.pyfunc
import mlflow.pyfunc.model
import pytest

import cppickle.integrations.mlflow as integration

LOAD = """
import sys
import mlflow.pyfunc
model = mlflow.pyfunc.load_model(sys.argv[1])
print(model.predict([1, 2]), "cppickle" in sys.modules)
"""


@pytest.fixture
def switched():
    integration.install()
    yield
    integration.uninstall()


def test_a_model_is_loaded_where_nothing_is_switched(switched, tmp_path):
    scale = 3

    class Model(mlflow.pyfunc.PythonModel):
        __slots__ = ("offset",)

        def predict(self, context, model_input, params=None):
            return [x * scale + self.offset for x in model_input]

    model = Model()
    model.offset = 1
    path = str(tmp_path / "model")
    mlflow.pyfunc.save_model(path, python_model=model, pip_requirements=[])
    done = subprocess.run(
        [sys.executable, "-c", LOAD, path], capture_output=True, text=True, timeout=90
    )
    assert done.stdout.split("\n")[0] == "[4, 7] False", done.stderr


def test_the_version_that_is_recorded(switched):
    assert mlflow.pyfunc.model.cloudpickle.__version__ == cloudpickle.__version__


def test_all_is_as_before_after_uninstall():
    integration.install()
    assert mlflow.pyfunc.model.cloudpickle is not cloudpickle
    assert integration.installed()
    integration.uninstall()
    assert mlflow.pyfunc.model.cloudpickle is cloudpickle
