"""The modules of the engines where no engine is: what they import and what they say."""

import importlib
import pkgutil
import types

import pytest
from support.processes import run_child

import cppickle.integrations
from cppickle.integrations import EngineError, _switch

NAMES = [
    module.name
    for module in pkgutil.iter_modules(cppickle.integrations.__path__)
    if not module.name.startswith("_") and module.name != "executors"
]
ENGINES = [name for name in NAMES if name != "processes"]
HIDDEN = """
    import sys

    class Hidden:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in {
                "dask", "distributed", "joblib", "loky", "mpi4py", "ray", "pyspark",
                "kombu", "celery", "parsl", "ipyparallel", "prefect", "mlflow",
            }:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Hidden())
    """


def test_all_are_there():
    assert set(ENGINES) == {
        *("celery", "dask", "ipyparallel", "joblib", "mlflow", "mpi", "parsl"),
        *("prefect", "ray", "spark"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_they_look_alike(name):
    module = importlib.import_module(f"cppickle.integrations.{name}")
    assert {"available", "install", "installed", "uninstall"} <= set(module.__all__)
    assert module.installed() is False
    assert module.available() in (True, False)
    assert "::\n\n" in module.__doc__  # the lines that a user writes


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_that_is_not_installed(name):
    source = f"""{HIDDEN}
    import importlib.util
    found = importlib.util.find_spec
    importlib.util.find_spec = lambda n, p=None: None if n in sys.argv else found(n, p)
    sys.argv = ["dask", "distributed", "joblib", "loky", "mpi4py", "ray", "pyspark",
                "kombu", "celery", "parsl", "ipyparallel", "prefect", "mlflow"]
    from cppickle.integrations import EngineError, {name} as module
    assert not module.available() and not module.installed()
    module.uninstall()
    try:
        module.install()
    except EngineError as error:
        print(error)
    """
    assert "installed here" in run_child(source)


def test_importing_them_imports_no_engine():
    imports = "\n".join(f"    import cppickle.integrations.{name}" for name in NAMES)
    source = f"{HIDDEN}\n{imports}\n    print('fine')"
    assert run_child(source).strip() == "fine"


def test_a_release_that_is_too_old():
    with pytest.raises(EngineError, match=r"pytest .* is too old: 999.1"):
        _switch.engine("pytest", "pytest", "999.1")


def test_a_missing_dependency_of_an_engine_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "needy.py").write_text("import nowhere_to_be_found")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        _switch.engine("needy", "needy", "1.0")


def test_a_switch_sets_all_or_nothing():
    class Fixed:
        __slots__ = ()
        name = "fixed"

    owner = types.SimpleNamespace(name="before")
    switch = _switch.Switch()
    with pytest.raises(AttributeError):
        switch.turn_on([(owner, "name", "ours"), (Fixed(), "name", "ours")])
    assert owner.name == "before"
    assert not switch.on


def test_a_switch_keeps_what_was_first():
    owner = types.SimpleNamespace(name="before")
    switch = _switch.Switch()
    switch.turn_on([(owner, "name", "ours")])
    switch.turn_on([(owner, "name", "ours again")])
    assert owner.name == "ours"
    switch.turn_off()
    switch.turn_off()
    assert owner.name == "before"
