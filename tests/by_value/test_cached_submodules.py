"""Functions that name packages are repeated too, with the submodules of the moment."""

import pickle
import sys
import types

import pytest
from support.source import define
from support.streams import repeat

SOURCE = """
import packed

def reaches(x):
    return packed.inner.deep(x)

def also_reaches(x):
    return packed.inner, x

def closure():
    held = packed
    return lambda x: held.inner
"""


@pytest.fixture
def package(monkeypatch):
    """A package with a loaded submodule, which may be unloaded again."""

    def load(name, is_package):
        module = types.ModuleType(name)
        if is_package:
            module.__path__ = []
        monkeypatch.setitem(sys.modules, name, module)
        return module

    load("packed", True)
    load("packed.inner", True)
    return load


@pytest.mark.parametrize("shape", ["alone", "first", "last", "both", "closure"])
def test_streams_follow_what_is_loaded(package, monkeypatch, shape):
    made = define(SOURCE)
    obj = {
        "alone": made.reaches,
        "first": (made.reaches, (1,)),
        "last": ((1,), made.reaches),
        "both": [made.reaches, made.also_reaches, (2,)],
        "closure": (made.closure(), 1),
    }[shape]
    first = repeat(obj)
    assert b"packed.inner" in first
    assert b"packed.inner.deep" not in first
    package("packed.inner.deep", False)
    assert (b"packed.inner.deep" in repeat(obj)) == (
        shape in ("alone", "first", "last", "both")
    )
    monkeypatch.delitem(sys.modules, "packed.inner")
    assert b"packed.inner" not in repeat(obj)
    monkeypatch.delattr(sys.modules["packed"], "__path__")
    package("packed.inner", True)
    assert b"packed.inner" not in repeat(obj)
    pickle.loads(repeat(obj))


def test_namespaces_follow_their_module(monkeypatch):
    made = define(SOURCE.replace("import packed", "packed = 1"))
    task = (made.also_reaches, 1)
    first = repeat(task)
    made.also_reaches.__globals__["__package__"] = "elsewhere"
    second = repeat(task)
    assert first != second
    assert b"elsewhere" in second
