"""Options of install() and of executors: they hold for these dumps and no others."""

import importlib
import inspect
import io
import itertools
import multiprocessing
import pickle
import pkgutil
import sys

import pytest
from support.processes import run_child
from support.source import define

import cppickle
import cppickle.integrations
from cppickle.integrations import _switch, parsl, processes

SECONDS = 60
OPTIONS = {"class_ids": "process"}
NAMES = [
    module.name
    for module in pkgutil.iter_modules(cppickle.integrations.__path__)
    if not module.name.startswith("_") and module.name != "executors"
]


NUMBERS = itertools.count(1000)


@pytest.fixture
def cls():
    """A class with nothing equal beside it, whose ids would be longer."""
    return define(f"class C:\n  n = {next(NUMBERS)}").C


# --- What they share ------------------------------------------------------------------


def test_without_options_it_is_cppickle_itself():
    assert _switch.cppickle_with() is _switch.cppickle_with(class_ids=None) is cppickle


def streams_of(module, cls, **options):
    files = [io.BytesIO() for _ in range(3)]
    module.dump(cls, files[0], **options)
    module.Pickler(files[1], **options).dump(cls)
    module.CloudPickler(files[2], 5, **options).dump(cls)
    return {module.dumps(cls, **options), *(file.getvalue() for file in files)}


def test_with_options_it_is_like_cppickle(cls):
    module = _switch.cppickle_with(**OPTIONS)
    assert streams_of(module, cls) == {cppickle.dumps(cls, **OPTIONS)}
    assert streams_of(module, cls, class_ids="content") == {cppickle.dumps(cls)}
    assert issubclass(module.Pickler, cppickle.Pickler)
    assert set(cppickle.__all__) <= set(dir(module))
    assert module.loads is cppickle.loads


def test_they_come_before_a_block(cls):
    module = _switch.cppickle_with(**OPTIONS)
    with cppickle.options(class_ids="content"):
        assert streams_of(module, cls) == {cppickle.dumps(cls, **OPTIONS)}


@pytest.mark.parametrize("name", NAMES)
def test_install_takes_options(name):
    install = importlib.import_module(f"cppickle.integrations.{name}").install
    *_, last = inspect.signature(install).parameters.values()
    assert (last.name, last.kind) == ("options", last.VAR_KEYWORD)
    assert "options: of what is" in install.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_wrong_options_change_nothing(name):
    module = importlib.import_module(f"cppickle.integrations.{name}")
    with pytest.raises(ValueError, match="'content', 'process'"):
        module.install(class_ids="x")
    with pytest.raises(TypeError, match="'other'.*class_ids"):
        module.install(other=1)
    assert not module.installed()


def test_parsl_s_serializer(cls):
    serializer = parsl.CppickleSerializer(**OPTIONS)
    assert serializer.serialize(cls) == cppickle.dumps(cls, **OPTIONS)
    assert parsl.CppickleSerializer().serialize(cls) == cppickle.dumps(cls)


# --- multiprocessing ------------------------------------------------------------------


def test_multiprocessing(cls):
    before = processes.by_value(cls)
    processes.install(**OPTIONS)
    try:
        sent = bytes(multiprocessing.reduction.ForkingPickler.dumps(cls))
        file = io.BytesIO()
        multiprocessing.reduction.dump(cls, file)
        assert sent == file.getvalue() == processes.by_value(cls, **OPTIONS) != before
        assert processes.by_value(cls) == before
        assert cppickle.dumps(cls) == cppickle.dumps(cls, class_ids="content")
    finally:
        processes.uninstall()


@pytest.mark.parametrize(("class_ids", "classes"), [("process", 2), ("content", 1)])
def test_processes_that_start_have_them_too(class_ids, classes):
    source = f"""
        import multiprocessing
        import cppickle.integrations.processes as integration

        def made():
            class C: n = 1
            return C

        if __name__ == "__main__":
            integration.install(class_ids={class_ids!r})
            found = set()
            for _ in range(2):
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    found.add(pool.apply_async(lambda: made()).get(60))
            print(len(found))
        """
    assert run_child(source).split() == [str(classes)]


# --- Executors ------------------------------------------------------------------------


def spawned(**options):
    context = multiprocessing.get_context("spawn")
    return cppickle.ProcessPoolExecutor(1, context, **options)


def known(cls):
    """The ids that a worker knows."""
    return list(sys._cppickle_tracker.data)


def arrived(future, cls):
    """Whether what a worker knows are ids of each kind."""
    found = future.result(SECONDS)
    assert found
    streams = [cppickle.dumps(cls, class_ids=way) for way in ("content", "process")]
    return [all(id in stream for id in found) for stream in streams]


def test_what_an_executor_sends(cls):
    ask = define(inspect.getsource(known), sys=sys).known
    with spawned(**OPTIONS) as pool:
        assert arrived(pool.submit(ask, cls), cls) == [False, True]
    with spawned() as pool:
        assert arrived(pool.submit(ask, cls), cls) == [True, False]
    with spawned() as pool, cppickle.options(**OPTIONS):
        assert arrived(pool.submit(ask, cls), cls) == [False, True]


def test_what_its_initializer_is(cls):
    ask = define(inspect.getsource(known), sys=sys).known
    with spawned(initializer=lambda: cls, **OPTIONS) as pool:
        assert arrived(pool.submit(ask, None), cls) == [False, True]


MADE = (
    "def made():\n  class C(Exception): n = 1\n  return C\ndef fail(): raise made()()"
)


def test_what_an_executor_returns():
    made = define(MADE).made
    for options, classes in ((OPTIONS, 2), ({}, 1)):
        found = set()
        for _ in range(2):
            with spawned(**options) as pool:
                found.add(pool.submit(made).result(SECONDS))
        assert len(found) == classes


def test_what_an_executor_raises():
    fail = define(MADE).fail
    for options, classes in ((OPTIONS, 2), ({}, 1)):
        found = set()
        for _ in range(2):
            with spawned(**options) as pool:
                found.add(type(pool.submit(fail).exception(SECONDS)))
        assert len(found) == classes


def test_wrong_options_of_an_executor():
    with pytest.raises(ValueError, match="class_ids"):
        spawned(class_ids="x")
    with pytest.raises(TypeError, match="other"):
        spawned(other=1)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="new in Python 3.14")
def test_an_executor_of_interpreters(cls):
    ask = define(inspect.getsource(known), sys=sys).known
    with cppickle.InterpreterPoolExecutor(1, **OPTIONS) as pool:
        assert arrived(pool.submit(ask, cls), cls) == [False, True]


def test_dask_s_second_attempt_has_them(cls):
    """Its module imports nothing of dask until then."""
    from cppickle.integrations import _dask_process

    stream = _dask_process.dumps(cls, **OPTIONS)
    assert stream == cppickle.dumps(cls, **OPTIONS)
    assert pickle.loads(stream) is cls
