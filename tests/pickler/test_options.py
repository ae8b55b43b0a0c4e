"""Keyword options of dumps: who says what holds, where, and for how long."""

import ast
import asyncio
import inspect
import io
import pathlib
import pickle
import threading

import pytest
from support.processes import run_child
from support.source import define

import cppickle
from cppickle import _core

CHOICES = _core._options()
SOURCE = "class C:\n  n = 1"


@pytest.fixture(autouse=True)
def back_to_built_in():
    yield
    cppickle.set_default(**dict.fromkeys(CHOICES))


@pytest.fixture
def cls():
    return define(SOURCE).C


@pytest.fixture
def content(cls):
    """What is written by default."""
    return cppickle.dumps(cls, class_ids="content")


@pytest.fixture
def process(cls):
    """What is written with ids of this process."""
    return cppickle.dumps(cls, class_ids="process")


def by_dump(cls, **options):
    file = io.BytesIO()
    cppickle.dump(cls, file, **options)
    return file.getvalue()


def by_pickler(cls, **options):
    file = io.BytesIO()
    cppickle.Pickler(file, **options).dump(cls)
    return file.getvalue()


@pytest.fixture(params=[cppickle.dumps, by_dump, by_pickler])
def dumps(request):
    return request.param


# --- Precedence -----------------------------------------------------------------------


def test_the_streams_differ(content, process):
    assert content != process


def test_built_in(dumps, cls, content):
    assert dumps(cls) == dumps(cls, class_ids=None) == content


def test_an_argument(dumps, cls, content, process):
    assert dumps(cls, class_ids="process") == process
    assert dumps(cls) == content


def test_the_default_of_the_process(dumps, cls, content, process):
    assert cppickle.set_default(class_ids="process") is None
    assert dumps(cls) == dumps(cls, class_ids=None) == process
    assert dumps(cls, class_ids="content") == content
    cppickle.set_default()
    assert dumps(cls) == process
    cppickle.set_default(class_ids=None)
    assert dumps(cls) == content


def test_a_block(dumps, cls, content, process):
    with cppickle.options(class_ids="process"):
        assert dumps(cls) == dumps(cls, class_ids=None) == process
        assert dumps(cls, class_ids="content") == content
    assert dumps(cls) == content


def test_a_block_comes_before_the_default(dumps, cls, content, process):
    cppickle.set_default(class_ids="process")
    with cppickle.options(class_ids="content"):
        assert dumps(cls) == content
    assert dumps(cls) == process


def test_blocks_in_blocks(dumps, cls, content, process):
    with cppickle.options(class_ids="process"):
        with cppickle.options(class_ids="content"):
            assert dumps(cls) == content
            with cppickle.options(), cppickle.options(class_ids=None):
                assert dumps(cls) == content
        assert dumps(cls) == process
    assert dumps(cls) == content


def test_a_block_that_raises_ends(cls, content):
    with pytest.raises(KeyError), cppickle.options(class_ids="process"):
        raise KeyError
    assert cppickle.dumps(cls) == content


def test_a_decorator(cls, content, process):
    @cppickle.options(class_ids="process")
    def dumped():
        return cppickle.dumps(cls)

    assert dumped() == dumped() == process
    assert cppickle.dumps(cls) == content


def test_a_pickler_looks_at_each_dump(cls, content, process):
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)
    with cppickle.options(class_ids="process"):
        pickler.dump(cls)
    assert file.getvalue() == process
    pickler.clear_memo()
    pickler.dump(cls)
    assert file.getvalue() == process + content


def test_a_pickler_keeps_its_argument(cls, process):
    file = io.BytesIO()
    pickler = cppickle.Pickler(file, class_ids="process")
    with cppickle.options(class_ids="content"):
        pickler.dump(cls)
    assert file.getvalue() == process
    pickler.__init__(file)
    pickler.dump(cls)
    assert file.getvalue() != process * 2


def test_a_subclass_passes_it_on(cls, process):
    class Pickler(cppickle.Pickler):
        def __init__(self, file, **options):
            super().__init__(file, protocol=5, fix_imports=False, **options)

    file = io.BytesIO()
    Pickler(file, class_ids="process").dump(cls)
    assert file.getvalue() == process


def test_a_dump_in_a_dump_has_its_own(cls, content, process):
    class Outer:
        def __reduce__(self):
            return bytes, (cppickle.dumps(cls),)

    found = pickle.loads(cppickle.dumps(Outer(), class_ids="process"))
    assert found == content


# --- Threads and tasks ----------------------------------------------------------------


def in_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_a_block_is_its_thread_s_alone(cls, content, process):
    with cppickle.options(class_ids="process"):
        seen = in_thread(lambda: cppickle.dumps(cls))
        assert cppickle.dumps(cls) == process
    # Threads of newer, free-threaded builds begin with a copy of their maker's context.
    assert seen in (content, process)
    begun, ended = threading.Event(), threading.Event()

    def within():
        with cppickle.options(class_ids="process"):
            begun.set()
            ended.wait(60)

    thread = threading.Thread(target=within)
    thread.start()
    begun.wait(60)
    assert cppickle.dumps(cls) == content
    ended.set()
    thread.join()


def test_the_default_is_that_of_all_threads(cls, process):
    cppickle.set_default(class_ids="process")
    assert in_thread(lambda: cppickle.dumps(cls)) == process


def test_a_block_is_its_task_s(cls, content, process):
    async def one(turn):
        with cppickle.options(class_ids="process"):
            await turn.wait()
            return cppickle.dumps(cls)

    async def other(turn):
        await asyncio.sleep(0)
        stream = cppickle.dumps(cls)
        turn.set()
        return stream

    async def both():
        turn = asyncio.Event()
        streams = await asyncio.gather(one(turn), other(turn))
        with cppickle.options(class_ids="process"):
            inside = asyncio.ensure_future(other(turn))
        return [*streams, await inside]

    assert asyncio.run(both()) == [process, content, process]


# --- Errors ---------------------------------------------------------------------------

CALLS = {
    "dumps": lambda **options: cppickle.dumps(1, **options),
    "dump": lambda **options: cppickle.dump(1, io.BytesIO(), **options),
    "Pickler": lambda **options: cppickle.Pickler(io.BytesIO(), **options),
    "set_default": cppickle.set_default,
    "options": cppickle.options,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "value", ["", "Process", "contents", 1, b"content", ["process"]]
)
def test_a_value_that_is_not_allowed(call, value):
    with pytest.raises(ValueError) as caught:
        CALLS[call](class_ids=value)
    for word in ("class_ids", "'content'", "'process'", "None", repr(value)):
        assert word in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
def test_an_option_that_does_not_exist(call):
    with pytest.raises(TypeError, match="class_id") as caught:
        CALLS[call](class_id="process")
    if call in ("set_default", "options"):
        assert "class_ids" in str(caught.value)
        assert call in str(caught.value)


@pytest.mark.parametrize("call", CALLS)
def test_only_by_name(call):
    arguments = {"dumps": (1, 5, None), "dump": (1, io.BytesIO(), 5, None)}
    arguments["Pickler"] = (io.BytesIO(), 5, None)
    function = getattr(cppickle, call)
    with pytest.raises(TypeError):
        function(*arguments.get(call, ()), "process")


def test_a_failed_set_default_changes_nothing(cls, content):
    for wrong in ({"class_ids": "x"}, {"class_ids": "process", "other": 1}):
        with pytest.raises((TypeError, ValueError)):
            cppickle.set_default(**wrong)
        assert cppickle.dumps(cls) == content


def test_other_arguments_beside_it():
    with pytest.raises(TypeError, match="multiple values"):
        cppickle.dumps(1, 5, protocol=5, class_ids="process")
    file = io.BytesIO()
    pickler = cppickle.Pickler(file, class_ids="process", protocol=2, fix_imports=False)
    pickler.dump([1])
    assert file.getvalue() == pickle.dumps([1], 2)


def test_the_caller_s_keywords_stay(cls, process):
    keywords = {"class_ids": "process", "protocol": 5}
    assert by_pickler(cls, **keywords) == process
    assert keywords == {"class_ids": "process", "protocol": 5}


# --- One list -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("function", [cppickle.dumps, cppickle.dump, cppickle.Pickler])
def test_signatures_and_docstrings_have_all(function, name):
    parameter = inspect.signature(function).parameters[name]
    assert parameter.kind is parameter.KEYWORD_ONLY
    assert parameter.default is None
    for other in (cppickle.dumps, cppickle.Pickler, cppickle.set_default):
        assert f"{name}:" in other.__doc__
    for value in CHOICES[name]:
        assert repr(value) in cppickle.dumps.__doc__


def test_the_stubs_have_all():
    text = pathlib.Path(cppickle.__file__).with_name("_core.pyi").read_text()
    [stub] = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.name == "Options"
    ]
    found = {
        node.target.id: ast.unparse(node.annotation)
        for node in stub.body
        if isinstance(node, ast.AnnAssign)
    }
    # Those without a list of values take objects, of which a type tells more.
    assert found.pop("ship") == "Ship | None"
    assert found == {
        name: f"Literal[{', '.join(map(repr, values))}] | None"
        for name, values in CHOICES.items()
        if values
    }


# --- Cost -----------------------------------------------------------------------------


def test_nobody_pays_who_has_none():
    """The variable of the blocks is there once somebody has made a block."""
    run_child(
        """
        import sys, cppickle
        class C: pass
        cppickle.dumps(C), cppickle.dumps(C, class_ids="process")
        cppickle.set_default(class_ids="process")
        assert "cppickle._options" not in sys.modules
        with cppickle.options():
            assert "cppickle._options" in sys.modules
        """
    )
