"""cppickle.with_traceback: what it sends prints, and is raised, as it is here."""

import contextlib
import io
import linecache
import pathlib
import pickle
import sys
import textwrap
import threading
import traceback

import pytest
from support.processes import run_child
from support.source import define, since

import cppickle

PRINTED = """
    import traceback
    traceback.format_exception(type(obj), obj, obj.__traceback__)
    """


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Make a module of `source`, whose file is gone when the test has raised."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def write(source, name="raises_here"):
        file = tmp_path / f"{name}.py"
        file.write_text(textwrap.dedent(source))
        made.append(name)
        return __import__(name)

    yield write
    for name in made:
        sys.modules.pop(name, None)
    linecache.clearcache()


def raised(function, *arguments):
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def printed(error):
    return traceback.format_exception(type(error), error, error.__traceback__)


def sent(error, protocol=None):
    return cppickle.dumps(cppickle.with_traceback(error), protocol)


CHAINED = """
    def deep(n):
        if n:
            return deep(n - 1)
        table = {}
        return (table["missing"]
                + 1)


    class Job:
        def run(self):
            try:
                deep(3)
            except KeyError as error:
                raise ValueError("outer") from error

        def during(self):
            try:
                deep(0)
            except KeyError:
                raise ValueError("outer")

        def hidden(self):
            try:
                deep(0)
            except KeyError:
                raise ValueError("outer") from None

        def lost_file(self):
            try:
                open("/no/such/file")
            except OSError as error:
                raise FileExistsError(17, "other", "name") from error
    """


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["run", "during", "hidden", "lost_file"])
def test_it_prints_as_here_where_there_is_no_file(module, bare_worker, name, protocol):
    made = module(CHAINED)
    error = raised(getattr(made.Job(), name))
    expected = printed(error)
    assert any("raise " in line for line in expected)
    stream = sent(error, protocol)
    pathlib.Path(made.__file__).unlink()
    bare_worker.load(stream)
    assert bare_worker.ask(PRINTED) == expected


def test_raised_there_it_has_the_frames_of_both(module, bare_worker):
    made = module(CHAINED)
    bare_worker.load(sent(raised(made.deep, 0)))
    question = """
        import traceback
        def far():
            raise obj
        try:
            far()
        except KeyError as error:
            told = [(f.name, f.line) for f in traceback.extract_tb(error.__traceback__)]
        [name for name, _ in told if name in ("far", "deep")], told[-1][1]
        """
    names, line = bare_worker.ask(question)
    assert names == ["far", "deep"]
    assert line.startswith('return (table["missing"]')


def test_frames_tell_what_code_was_theirs(module, bare_worker):
    made = module(CHAINED)
    bare_worker.load(sent(raised(made.Job().run)))
    question = """
        entry = obj.__traceback__
        while entry.tb_next:
            entry = entry.tb_next
        frame = entry.tb_frame
        code = frame.f_code
        name = getattr(code, "co_qualname", "Job.run")
        first = code.co_firstlineno
        (frame.f_globals["__name__"], code.co_name, name, first, entry.tb_lineno,
         frame.f_lineno, dict(frame.f_locals))
        """
    expected = ("raises_here", "run", "Job.run", 11, 15, 15, {})
    assert bare_worker.ask(question) == expected


@pytest.mark.parametrize("lines", [0, 100, 127, 128, 1000, 70_000])
def test_lines_far_from_the_function_s_first(module, bare_worker, lines):
    made = module("def f():\n" + "\n" * lines + "    raise ValueError(1)\n")
    error = raised(made.f)
    bare_worker.load(sent(error))
    assert bare_worker.ask(PRINTED) == printed(error)
    last = "entry = obj.__traceback__.tb_next\n"
    question = last + "entry.tb_frame.f_lineno, entry.tb_lineno"
    assert bare_worker.ask(question) == (lines + 2, lines + 2)


@pytest.mark.skipif(**since(3, 11))
def test_groups_and_notes(module, bare_worker):
    source = (
        CHAINED
        + """
    def several():
        errors = []
        for run in (Job().run, Job().during):
            try:
                run()
            except ValueError as error:
                error.add_note(f"in {run.__name__}")
                errors.append(error)
        raise ExceptionGroup("several", errors)
    """
    )
    error = raised(module(source).several)
    bare_worker.load(sent(error))
    assert bare_worker.ask(PRINTED) == printed(error)


def test_a_recursion_is_sent_by_its_different_lines(module, bare_worker):
    def deepest():
        return deepest()

    error = raised(deepest)
    stream = sent(error)
    assert len(stream) < 40_000
    bare_worker.load(stream)
    assert bare_worker.ask(PRINTED) == printed(error)


def as_sent(error):
    return [line.replace('.py"', '.py (as sent)"') for line in printed(error)]


def test_another_file_of_that_name_is_told_apart(module, bare_worker):
    made = module(CHAINED)
    error = raised(made.deep, 0)
    stream, expected = sent(error), as_sent(error)
    pathlib.Path(made.__file__).write_text("# other\n" * 40)
    bare_worker.load(stream)
    told = bare_worker.ask(PRINTED)
    assert told[-2:] == expected[-2:]
    assert told[:-2] == printed(error)[:-2]  # this file is the same


def test_tracebacks_of_one_file_add_up(module, bare_worker):
    """Also those of two versions of it."""
    made = module(CHAINED)
    errors = [raised(getattr(made.Job(), name)) for name in ("run", "during", "hidden")]
    streams = [sent(error) for error in errors]
    expected = [printed(error) for error in errors]
    path = pathlib.Path(made.__file__)
    path.write_text(textwrap.dedent(CHAINED).replace('"outer"', '"edit"'))
    del sys.modules["raises_here"]
    edited = raised(__import__("raises_here").Job().during)
    streams.append(sent(edited))
    expected.append(as_sent(edited))
    path.unlink()
    for stream, told in zip(streams, expected, strict=True):
        bare_worker.load(stream)
        found = bare_worker.ask(PRINTED)
        assert found[-2:] == told[-2:]
    assert 'ValueError("edit")' in found[-2]


def test_code_without_source_and_a_notebook_cell(bare_worker):
    made = define("def f():\n    raise ValueError(1)")
    error = raised(made.f)
    bare_worker.load(sent(error))
    assert bare_worker.ask(PRINTED) == printed(error)
    cell = "<ipython-input-1-abc>"
    text = "def g():\n    raise ValueError(2)\n"
    linecache.cache[cell] = len(text), None, text.splitlines(keepends=True), cell
    scope = {"__name__": "__main__"}
    exec(compile(text, cell, "exec"), scope)
    error = raised(scope["g"])
    bare_worker.load(sent(error))
    assert bare_worker.ask(PRINTED) == printed(error)
    assert "    raise ValueError(2)\n" in printed(error)[-2]


ATTRIBUTES = {
    "name": "missing_name",
    "obj": "object().missing",
    "path": "raise ImportError('no', name='n', path='p')",
    "value": "raise StopIteration(5)",
    "text": "compile('a b', 'file', 'exec')",
    "filename2": "__import__('os').rename('/no/such', '/no/such/2')",
    "start": "b'\\xff'.decode()",
}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_attributes_that_exceptions_do_not_pickle(bare_worker, attribute):
    error = raised(define(f"def f():\n    {ATTRIBUTES[attribute]}").f)
    value = getattr(error, attribute)
    assert value is not None
    bare_worker.load(sent(error))
    found = bare_worker.ask(f"repr(obj.{attribute}).split(' at ')[0]")
    assert found == repr(value).split(" at ")[0]


@pytest.mark.parametrize(
    "held", ["threading.Lock()", "b'x' * 1_000_000"], ids=["a lock", "much"]
)
def test_the_object_without_an_attribute_may_be_left_out(bare_worker, held):
    made = define(
        f"""
        class Holder: pass
        holder = Holder()
        holder.held = {held}
        def f(): holder.missing
        """,
        threading=threading,
    )
    error = raised(made.f)
    stream = sent(error)
    assert len(stream) < 20_000
    bare_worker.load(stream)
    assert bare_worker.ask("obj.name, obj.obj, str(obj)") == (
        "missing",
        None,
        str(error),
    )


def test_an_exception_by_value(bare_worker):
    made = define(
        """
        class AppError(Exception):
            def __init__(self, code, *, detail):
                super().__init__(f"code {code}")
                self.code, self.detail = code, detail
            def __setattr__(self, name, value):
                object.__setattr__(self, name, value)
        class Own(Exception):
            def __init__(self, code): self.code = code
            def __reduce__(self): return Own, (self.code,)
        def f():
            try:
                raise AppError(5, detail="d")
            except AppError as error:
                raise Own(7) from error
        """
    )
    error = raised(made.f)
    bare_worker.load(sent(error))
    question = "obj.code, obj.__cause__.code, obj.__cause__.detail"
    assert bare_worker.ask(question) == (7, 5, "d")
    assert bare_worker.ask(PRINTED) == printed(error)


def test_the_standard_pickler_can_send_it(module, bare_worker):
    """The chain too, which it drops otherwise."""
    error = raised(module(CHAINED).Job().run)
    bare_worker.load(pickle.dumps(cppickle.with_traceback(error)))
    assert bare_worker.ask(PRINTED) == printed(error)


def test_it_can_be_sent_on(bare_worker, peer, module):
    error = raised(module(CHAINED).Job().run)
    peer.load(sent(error))
    stream = peer.dumps("__import__('cppickle').with_traceback(obj)")
    bare_worker.load(stream)
    assert bare_worker.ask(PRINTED) == printed(error)


def test_equal_errors_have_equal_streams(module):
    made = module(CHAINED)
    streams = {sent(raised(made.Job().run)) for _ in range(3)}
    assert len(streams) == 1


def test_the_error_stays_as_it_is(module):
    error = raised(module(CHAINED).Job().run)
    before = printed(error), vars(error).copy(), error.__cause__
    sent(error)
    assert (printed(error), vars(error).copy(), error.__cause__) == before


def test_one_that_cannot_be_sent_says_where():
    error = raised(define("def f(): raise ValueError(lock)", lock=threading.Lock()).f)
    with pytest.raises(TypeError) as caught:
        sent(error)
    assert caught.value.cppickle_path.endswith(".error.args[0]")


@pytest.mark.parametrize("wrong", [None, ValueError, "text"])
def test_something_else_is_refused(wrong):
    with pytest.raises(TypeError, match="an exception is needed"):
        cppickle.with_traceback(wrong)


def test_loaded_in_the_process_of_the_sender(module):
    error = raised(module(CHAINED).Job().run)
    assert printed(pickle.loads(sent(error))) == printed(error)


def test_threads_load_at_once():
    """Every one finds its lines, whoever puts them there."""
    run_child(
        """
        import pickle, sys, threading, traceback, cppickle
        def make(n):
            scope = {}
            text = "\\n" * n + f"def f(): raise ValueError({n})\\n"
            lines = text.splitlines(keepends=True)
            import linecache
            linecache.cache["/gone.py"] = len(text), None, lines, "/gone.py"
            exec(compile(text, "/gone.py", "exec"), scope)
            try:
                scope["f"]()
            except ValueError as error:
                return cppickle.dumps(cppickle.with_traceback(error))
        streams = [make(n) for n in range(200)]
        import linecache
        linecache.cache.clear()
        wrong = []
        def load(begin):
            for n in [*range(begin, 200), *range(begin)]:
                error = pickle.loads(streams[n])
                told = "".join(traceback.format_exception(error))
                if f"def f(): raise ValueError({n})" not in told:
                    wrong.append(told)
        threads = [threading.Thread(target=load, args=(n,)) for n in range(0, 200, 25)]
        sys.setswitchinterval(1e-6)
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not wrong, wrong[0]
        """
    )


def test_nothing_is_written_to_the_streams_of_the_process(module):
    error = raised(module(CHAINED).Job().run)
    with contextlib.redirect_stderr(io.StringIO()) as written:
        pickle.loads(sent(error))
    assert not written.getvalue()
