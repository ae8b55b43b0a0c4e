"""The source that is shipped is what runs, or somebody is told."""

import importlib
import io
import os
import pickle
import sys
import warnings

import pytest
from support.source import define

import cppickle
from cppickle._shipping import running

SOURCE = "import functools\nX = 1\ndef f(): return 1\ndef g(): return f()\n"


def local(obj):
    return cppickle.dumps(obj, ship="local")


@pytest.fixture
def edited(project):
    project.write(edited=SOURCE)
    return project.load("edited")


def test_no_edit_no_warning(edited, bare_worker):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bare_worker.load(local(edited.g))
    assert bare_worker.ask("obj()") == 1


def test_an_edit_sends_the_module_by_value(edited, project, bare_worker):
    project.write(edited=SOURCE.replace("return 1", "return 2"))
    with pytest.warns(UserWarning, match="edited has changed since it was imported"):
        stream = local(edited.g)
    assert "edited" in cppickle.list_registry_pickle_by_value()
    bare_worker.load(stream)
    assert bare_worker.ask("obj()") == edited.g() == 1


def test_an_edit_that_keeps_size_and_time(edited, project):
    path = project.folder / "edited.py"
    before = os.stat(path)
    project.write(edited=SOURCE.replace("return 1", "return 2"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.warns(UserWarning, match="edited has changed"):
        local(edited.g)


def test_a_reload_after_the_edit(edited, project, bare_worker):
    local(edited.g)
    project.write(edited=SOURCE.replace("return 1", "return 22"))
    module = importlib.reload(edited)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stream = local(module.g)
    bare_worker.load(stream)
    assert bare_worker.ask("obj()") == 22


def test_a_reload_after_it_went_by_value(edited, project, bare_worker):
    project.write(edited=SOURCE.replace("return 1", "return 22"))
    with pytest.warns(UserWarning, match="edited has changed"):
        local(edited.g)
    module = importlib.reload(edited)
    stream = cppickle.dumps(module.g, ship="local")
    assert "edited" not in cppickle.list_registry_pickle_by_value()
    bare_worker.load(stream)
    assert bare_worker.ask(
        "obj(), obj.__module__, 'edited' in __import__('sys').modules"
    )


@pytest.mark.parametrize("value", ["2", "True", "'text'"])
def test_a_value_that_was_edited_is_warned_of(edited, project, monkeypatch, value):
    project.write(edited=SOURCE.replace("X = 1", f"X = {value}"))
    monkeypatch.setattr(running, "_is_dated", lambda file, touched: False)
    with pytest.warns(UserWarning, match="where X has another value"):
        cppickle.dumps(edited.g, ship=["edited"])


def test_a_pickler_with_buffers_cannot_dump_again(edited, project):
    project.write(edited=SOURCE.replace("return 1", "return 2"))
    value = [edited.g, pickle.PickleBuffer(b"x")]
    file = io.BytesIO()
    with (
        pytest.warns(UserWarning, match="edited has changed"),
        pytest.raises(pickle.PicklingError, match="dump once more"),
    ):
        cppickle.Pickler(file, 5, [].append, ship="local").dump(value)
    assert not file.getvalue()
    assert pickle.loads(cppickle.dumps(edited.g, ship=["edited"]))() == 1


def test_a_dataclass_is_no_edit(project):
    project.write(
        edited="import dataclasses\n"
        "@dataclasses.dataclass(order=True)\nclass D:\n  x: int = 1\n"
        "  @property\n  def y(self): return self.x\n"
        "  @staticmethod\n  def z(): return 1\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        local(project.load("edited").D(3))


def test_the_start_of_this_process():
    import time

    start = running.process_start()
    assert start == 0 or time.time() - 86400 < start < time.time()


def test_old_files_are_not_compiled(edited, monkeypatch):
    monkeypatch.setattr(running, "process_start", lambda: float("inf"))
    assert not running.is_changed(edited, b"this is no Python")
    monkeypatch.setattr(running, "process_start", lambda: 0.0)
    assert running.is_changed(edited, b"this is no Python")


# --- warn_local -----------------------------------------------------------------------


@pytest.fixture
def fresh_warnings(monkeypatch):
    from cppickle._shipping import shipments

    monkeypatch.setattr(shipments, "_warned", set())


def test_a_warning_of_local_modules(edited, fresh_warnings):
    with pytest.warns(UserWarning, match="names edited, which no installed") as caught:
        stream = cppickle.dumps(edited.f, warn_local=True)
    assert stream == pickle.dumps(edited.f, 5)
    assert "ship=" in str(caught[0].message)
    assert "register_pickle_by_value" in str(caught[0].message)


def test_no_warning_without_a_reason(edited, fresh_warnings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cppickle.dumps(edited.f)
        cppickle.dumps(edited.f, warn_local=False)
        cppickle.dumps(edited.f, warn_local=True, ship=["edited"])
        cppickle.dumps([pytest.fixture, io.BytesIO], warn_local=True)
        cppickle.register_pickle_by_value(edited)
        cppickle.dumps(edited.f, warn_local=True)


def test_a_warning_of_imports_in_bodies(edited, fresh_warnings):
    function = define("def f():\n  import edited")
    cppickle.set_default(warn_local=True)
    try:
        with pytest.warns(UserWarning, match="names edited"):
            cppickle.dumps(function.f)
    finally:
        cppickle.set_default(warn_local=None)


# --- dependencies() -------------------------------------------------------------------


def test_dependencies(edited, project):
    function = define(
        """
        def use():
            import json
            from collections import OrderedDict
            import not_to_be_found
            from edited import X
            return pytest.fixture, edited.g
        """,
        pytest=pytest,
        edited=edited,
    )
    found = cppickle.dependencies(function.use)
    assert found.distributions == {"pytest": pytest.__version__}
    assert found.local == {"edited": str(project.folder / "edited.py")}
    assert found.unknown == ("not_to_be_found",)
    assert {"json", "collections"} <= set(found.standard_library)
    assert found.code == ".".join(map(str, sys.version_info[:2]))
    assert found.requirements() == f"pytest=={pytest.__version__}\n"


def test_dependencies_of_data():
    found = cppickle.dependencies([1, {"a": (2.5, "b")}])
    assert found == type(found)({}, (), {}, (), None)
