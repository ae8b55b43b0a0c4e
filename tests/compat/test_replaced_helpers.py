"""Helpers that a library has replaced are called instead of the native path."""

import colorsys
import json
import pickle
import sys
import types

import pytest
from support.processes import Worker
from support.source import define

import cppickle


def here(obj, protocol=None):
    return pickle.loads(cppickle.dumps(obj, protocol))


def in_worker(obj, question):
    with Worker() as worker:
        worker.load(cppickle.dumps(obj))
        return worker.ask(question)


def counted(monkeypatch, module, name):
    """Replace a helper by one that notes its arguments and asks the original."""
    original, calls = getattr(module, name), []

    def replacement(*arguments):
        calls.append(arguments)
        return original(*arguments)

    monkeypatch.setattr(module, name, replacement)
    return calls


JOB = """
    factor, other = 3, 4
    def job(n, k=1): return n * factor + k
    """


def test_function_getstate_is_asked_once_where_namespaces_are_shared(monkeypatch, main):
    """Streams of executors look at a function's globals before they write it."""
    calls = counted(monkeypatch, main, "_function_getstate")
    home = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", home)
    exec("rate = [2]\ndef job(x): return x * rate[0]", vars(home))
    stream = cppickle.dumps(home.job, _namespaces="shared")
    assert calls == [(home.job,)]
    assert b"cppickle._namespaces" in stream


# As Monarch does, so that workers find the source of functions.
def test_function_getstate_adds_globals(monkeypatch, main):
    original = main._function_getstate

    def with_loader(func):
        state, slots = original(func)
        slots["__globals__"]["__loader__"] = "a loader"
        return state, slots

    monkeypatch.setattr(main, "_function_getstate", with_loader)
    question = "obj.__globals__['__loader__'], obj(2)"
    assert in_worker(define(JOB).job, question) == ("a loader", 7)
    nested = define("def outer(): return lambda: job\n" + JOB.replace("    ", "")).outer
    assert in_worker(nested, "obj()()(2)") == 7


def test_function_getstate_changes_what_is_there(monkeypatch, main):
    original = main._function_getstate

    def changed(func):
        state, slots = original(func)
        slots["__globals__"] = {"factor": 100}
        slots["__defaults__"] = (5,)
        slots["__doc__"] = "changed"
        return {**state, "note": "extra"}, slots

    monkeypatch.setattr(main, "_function_getstate", changed)
    job = define(JOB).job
    assert in_worker(job, "obj(2), obj.__doc__, obj.note") == (205, "changed", "extra")
    assert job(2) == 7
    assert job.__doc__ is None


def test_function_getstate_closure(monkeypatch, main):
    original = main._function_getstate

    def scrubbed(func):
        state, slots = original(func)
        slots["__closure__"] = tuple(types.CellType("x") for _ in func.__closure__)
        return state, slots

    monkeypatch.setattr(main, "_function_getstate", scrubbed)
    made = define("def make(secret):\n  return lambda: secret").make([1])
    assert in_worker(made, "obj()") == "x"


RECURSIVE = """
    factor = 3
    def job(n, k=1): return n * factor + k
    def even(n): return n == 0 or odd(n - 1)
    def odd(n): return n != 0 and even(n - 1)
    def counter(n):
        def up():
            nonlocal n
            n += 1
            return n
        return up, lambda: n
    """


@pytest.mark.parametrize("protocol", range(6))
def test_an_untouched_answer_changes_nothing(monkeypatch, main, protocol):
    calls = counted(monkeypatch, main, "_function_getstate")
    space = define(RECURSIVE)
    even, job = here([space.even, space.job], protocol)
    assert even(10)
    assert not even(7)
    assert job(2) == 7
    up, value = here(space.counter(5), protocol)
    assert up() == 6 == value()
    assert len(calls) == 5


def test_a_bad_answer_is_an_error(monkeypatch, main):
    for answer in (None, ({}, {}), ({}, {"__globals__": 1}), ({}, [], 1)):
        monkeypatch.setattr(main, "_function_getstate", lambda func, a=answer: a)
        with pytest.raises(TypeError, match="_function_getstate"):
            cppickle.dumps(define(JOB).job)


def test_extract_code_globals(monkeypatch, main):
    original = main._extract_code_globals

    def with_other(co):
        return {**original(co), "other": None}

    monkeypatch.setattr(main, "_extract_code_globals", with_other)
    assert in_worker(define(JOB).job, "obj.__globals__['other']") == 4


def test_get_cell_contents_is_called(monkeypatch, main):
    calls = counted(monkeypatch, main, "_get_cell_contents")
    assert here(define("def make(x):\n  return lambda: x").make(3))() == 3
    assert len(calls) == 1


def test_is_registered(monkeypatch, main):
    calls = []

    def registered(module):
        calls.append(module)
        return module is colorsys

    monkeypatch.setattr(main, "_is_registered_pickle_by_value", registered)
    assert here(colorsys.hls_to_rgb) is not colorsys.hls_to_rgb
    assert colorsys in calls
    assert b"json.encoder" in cppickle.dumps(json.JSONEncoder)


@pytest.mark.parametrize("protocol", range(6))
def test_should_pickle_by_reference(monkeypatch, main, protocol):
    decided = []

    def decide(obj, name=None):
        decided.append(obj)
        return obj is not colorsys.hls_to_rgb

    monkeypatch.setattr(main, "_should_pickle_by_reference", decide)
    function, cls = here([colorsys.hls_to_rgb, json.JSONDecoder], protocol)
    assert function is not colorsys.hls_to_rgb
    assert function(0, 1, 0) == (1, 1, 1)
    assert cls is json.JSONDecoder
    assert {colorsys.hls_to_rgb, json.JSONDecoder} <= {*decided}


def test_by_reference_of_what_is_not_found_is_an_error(monkeypatch, main):
    monkeypatch.setattr(
        main, "_should_pickle_by_reference", lambda obj, name=None: True
    )
    for obj in (define(JOB).job, define("class C: pass").C):
        with pytest.raises(pickle.PicklingError):
            cppickle.dumps(obj)
        with pytest.raises(pickle.PicklingError):
            cppickle.dumps([obj, obj], 2)


@pytest.mark.parametrize("name", ["_whichmodule", "_lookup_module_and_qualname"])
def test_where_an_object_is_found(monkeypatch, main, name):
    monkeypatch.setattr(main, name, lambda obj, name=None: None)
    assert here(colorsys.hls_to_rgb) is not colorsys.hls_to_rgb
    monkeypatch.undo()
    assert here(colorsys.hls_to_rgb) is colorsys.hls_to_rgb


CLASS = """
    class Base: pass
    class Point(Base):
        secret = "s"
        unit = "m"
        def get(self): return self.unit
    """


def test_class_getstate(monkeypatch, main):
    original = main._class_getstate

    def without_secret(obj):
        attributes, slots = original(obj)
        attributes.pop("secret", None)
        return attributes, slots

    monkeypatch.setattr(main, "_class_getstate", without_secret)
    question = "hasattr(obj, 'secret'), obj().get(), obj.__module__, obj.__qualname__"
    expected = (False, "m", "__main__", "Point")
    assert in_worker(define(CLASS).Point, question) == expected


def test_extract_class_dict(monkeypatch, main):
    original = main._extract_class_dict
    monkeypatch.setattr(
        main, "_extract_class_dict", lambda cls: {**original(cls), "unit": "km"}
    )
    assert in_worker(define(CLASS).Point, "obj().get()") == "km"


def test_code_reduce(monkeypatch, main):
    calls = counted(monkeypatch, main, "_code_reduce")
    job = define(JOB).job
    assert in_worker([job, job.__code__], "obj[0](2), obj[0].__code__ is obj[1]") == (
        7,
        True,
    )
    assert calls == [(job.__code__,)]


def test_subimport(monkeypatch, main):
    calls = counted(monkeypatch, main, "_module_reduce")
    assert here([json]) == [json]
    assert calls == [(json,)]
    monkeypatch.undo()
    monkeypatch.setattr(main, "subimport", dict)
    with pytest.raises(ValueError, match="dictionary update"):
        here(json)


def test_dynamic_subimport(monkeypatch, main):
    module = types.ModuleType("made_here")
    module.value = 1
    monkeypatch.setattr(main, "dynamic_subimport", lambda name, vars: (name, vars))
    name, names = here(module)
    assert name == "made_here"
    assert names["value"] == 1


def test_make_empty_cell(monkeypatch, main):
    made = []
    sys.modules[__name__].cell_made_here = lambda: made.append(1) or types.CellType()
    sys.modules[__name__].cell_made_here.__qualname__ = "cell_made_here"
    monkeypatch.setattr(main, "_make_empty_cell", cell_made_here)  # noqa: F821 set above
    make = define("def make(x, y):\n  return (lambda: (x, y)), (lambda: x)").make
    both, one = here(make(1, [2]))
    assert both() == (1, [2])
    assert one() == 1
    assert both.__closure__[0] is one.__closure__[0]
    assert len(made) == 2


def test_the_native_path_is_back_after_undo(monkeypatch, main):
    before = cppickle.dumps(define(JOB).job)
    with monkeypatch.context() as patch:
        calls = counted(patch, main, "_function_getstate")
        cppickle.dumps(define(JOB).job)
        assert calls
    calls.clear()
    assert cppickle.dumps(define(JOB).job) == before
    assert not calls


def test_uninstall_ends_replacements(cloudpickle, main):
    main._function_getstate = lambda func: pytest.fail("called")
    cppickle.uninstall()
    assert here(define(JOB).job)(2) == 7


def test_replaced_by_its_place_in_cloudpickle_2(monkeypatch, cloudpickle):
    calls = counted(monkeypatch, cloudpickle.cloudpickle_fast, "_function_getstate")
    cppickle.dumps(define(JOB).job)
    assert len(calls) == 1


def test_the_registry_is_live(main):
    names = main._PICKLE_BY_VALUE_MODULES
    assert names is main._PICKLE_BY_VALUE_MODULES
    names.add("colorsys")
    try:
        assert cppickle.list_registry_pickle_by_value() == {"colorsys"}
        assert here(colorsys.hls_to_rgb) is not colorsys.hls_to_rgb
        cppickle.unregister_pickle_by_value(colorsys)
        assert not names
    finally:
        names.discard("colorsys")
    assert here(colorsys.hls_to_rgb) is colorsys.hls_to_rgb


def test_the_registry_may_be_another_set(monkeypatch, main):
    monkeypatch.setattr(main, "_PICKLE_BY_VALUE_MODULES", {"colorsys"})
    assert here(colorsys.hls_to_rgb) is not colorsys.hls_to_rgb
    monkeypatch.undo()
    assert here(colorsys.hls_to_rgb) is colorsys.hls_to_rgb
    with pytest.raises(TypeError, match="set"):
        main._PICKLE_BY_VALUE_MODULES = ["json"]


def test_the_registry_is_live_inside_of_what_was_dumped_before(main):
    job = define("def job(): return hls", hls=colorsys.hls_to_rgb).job
    for _ in range(3):
        assert here(job)() is colorsys.hls_to_rgb
    main._PICKLE_BY_VALUE_MODULES.add("colorsys")
    try:
        assert here(job)() is not colorsys.hls_to_rgb
    finally:
        main._PICKLE_BY_VALUE_MODULES.discard("colorsys")
    assert here(job)() is colorsys.hls_to_rgb


def test_replaced_inside_of_what_was_dumped_before(monkeypatch, main):
    job = define(JOB).job
    for _ in range(3):
        cppickle.dumps(job)
    calls = counted(monkeypatch, main, "_function_getstate")
    for _ in range(3):
        cppickle.dumps(job)
    assert len(calls) == 3
