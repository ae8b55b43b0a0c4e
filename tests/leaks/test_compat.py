"""Nothing is left over of replaced helpers, refused recursion and foreign streams."""

import contextlib
import pickle
import sys

import pytest
from support.growth import assert_no_growth
from support.source import define

import cppickle
from cppickle.compat import surface

SOURCE = """
    import json, types
    n = [1]
    def make(x):
        def f(a=n, *, k={}): return x, n, json, f
        return f
    class C:
        __slots__ = "a",
        def g(self): return make, C
    obj = [make([2]), make(1), C(), C, types.ModuleType("m"), make.__code__]
    """


@pytest.fixture(params=sorted(set(surface.HOOKS.values())))
def hook(request):
    return request.param


def wrapped(hook):
    surface.modules()
    original = surface.ORIGINALS[hook]
    return lambda *arguments: original(*arguments)


@pytest.fixture
def replaced(hook):
    """The helper, replaced by a function that asks it."""
    # The stream names the maker of cells: any importable function will do.
    replacement = len if hook == "_make_empty_cell" else wrapped(hook)
    main = surface.modules()[surface.MAIN]
    setattr(main, hook, replacement)
    yield
    setattr(main, hook, surface.ORIGINALS[hook])


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("protocol", [2, 5])
def test_replaced_helpers(protocol):
    obj = define(SOURCE).obj
    assert_no_growth(lambda: cppickle.dumps(obj, protocol))


def test_replacing(hook):
    main = surface.modules()[surface.MAIN]

    def act():
        setattr(main, hook, wrapped(hook))
        setattr(main, hook, surface.ORIGINALS[hook])

    assert_no_growth(act)


def test_helpers_that_fail(hook):
    main = surface.modules()[surface.MAIN]
    obj = define(SOURCE).obj
    answers = [None, (), ({}, {}), ({}, [])]

    def act():
        for answer in answers:
            setattr(main, hook, lambda *arguments, a=answer: a)
            with contextlib.suppress(Exception):
                cppickle.dumps(obj)
        setattr(main, hook, lambda *arguments: 1 / 0)
        with contextlib.suppress(ZeroDivisionError):
            cppickle.dumps(obj)
        setattr(main, hook, surface.ORIGINALS[hook])

    assert_no_growth(act)


def test_installing():
    real = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "cloudpickle"}
    for name in real:
        del sys.modules[name]

    def act():
        cppickle.install()
        __import__("cloudpickle")
        cppickle.uninstall()

    try:
        assert_no_growth(act)
    finally:
        sys.modules.update(real)


def test_recursion_errors():
    class Endless:
        def __getattribute__(self, name):
            return getattr(self, name)

    obj = [Endless()]

    def act():
        with contextlib.suppress(cppickle.DeepRecursionError):
            cppickle.dumps(obj)

    assert_no_growth(act)


def test_loads_of_what_is_missing():
    def act():
        for stream in (b"cnot_there\nx\n.", pickle.dumps([1, "two"])):
            with contextlib.suppress(ModuleNotFoundError):
                cppickle.loads(stream, buffers=[])

    assert_no_growth(act)
