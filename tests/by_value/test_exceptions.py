"""Exceptions of ``__main__``: classes, instances, constructors of other arity."""

import pytest
from support.source import define, since


def test_an_exception_class(in_fresh_process):
    source = """
        class AppError(Exception):
            code = 5
        class Worse(AppError, KeyError): pass
        def fail(): raise Worse("a", 1)
        """
    made = define(source)
    question = """
        fail, app, worse = obj
        try:
            fail()
        except app as error:
            caught = error
        type(caught) is worse, caught.args, caught.code, isinstance(caught, KeyError)
        """
    expected = (True, ("a", 1), 5, True)
    assert (
        in_fresh_process([made.fail, made.AppError, made.Worse], question) == expected
    )


def test_an_exception(in_fresh_process):
    made = define("class AppError(Exception): pass\nerror = AppError('a', [1])")
    made.error.extra = "kept"
    question = "obj.args, obj.extra, str(obj), type(obj).__name__"
    expected = (("a", [1]), "kept", "('a', [1])", "AppError")
    assert in_fresh_process(made.error, question) == expected


def test_a_constructor_of_other_arity(in_fresh_process):
    source = """
        class AppError(Exception):
            def __init__(self, code, *, detail):
                super().__init__(f"code {code}")
                self.code, self.detail = code, detail
        """
    question = "obj.code, obj.detail, str(obj), obj.args"
    expected = (5, "d", "code 5", ("code 5",))
    assert (
        in_fresh_process(define(source).AppError(5, detail="d"), question) == expected
    )


def test_a_constructor_that_takes_nothing(in_fresh_process):
    source = """
        class AppError(ValueError):
            def __init__(self): super().__init__("fixed message", 1)
        """
    question = "obj.args, type(obj).__base__.__name__"
    expected = (("fixed message", 1), "ValueError")
    assert in_fresh_process(define(source).AppError(), question) == expected


def test_an_exception_with_its_own_reduce(in_fresh_process):
    source = """
        class AppError(Exception):
            def __init__(self, code): self.code = code
            def __reduce__(self): return AppError, (self.code,)
        """
    assert in_fresh_process(define(source).AppError(7), "obj.code") == 7


def test_an_os_error(in_fresh_process):
    made = define("class MyError(FileNotFoundError): pass")
    error = made.MyError(2, "no such file", "name")
    question = "obj.errno, obj.strerror, obj.filename, isinstance(obj, OSError)"
    expected = (2, "no such file", "name", True)
    assert in_fresh_process(error, question) == expected


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a", 1),
        KeyError("k"),
        OSError(2, "no such file", "name"),
        StopIteration(5),
        SystemExit(3),
        SyntaxError("bad", ("file", 1, 2, "text")),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "why"),
        ImportError("no", name="n", path="p"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_exceptions_of_the_library(in_fresh_process, error):
    question = "type(obj).__name__, obj.args, str(obj)"
    expected = (type(error).__name__, error.args, str(error))
    assert in_fresh_process(error, question) == expected


def test_attributes_of_an_import_error(in_fresh_process):
    error = ModuleNotFoundError("no", name="n", path="p")
    assert in_fresh_process(error, "obj.name, obj.path, obj.msg") == ("n", "p", "no")


@pytest.mark.skipif(**since(3, 11))
def test_an_exception_group(in_fresh_process):
    source = """
        class AppError(Exception): pass
        group = ExceptionGroup("several", [AppError(1), ValueError(2)])
        """
    question = "obj.message, [type(e).__name__ for e in obj.exceptions]"
    expected = ("several", ["AppError", "ValueError"])
    assert in_fresh_process(define(source).group, question) == expected


def raised(source):
    """What running `source` raises."""
    try:
        define(source)
    except Exception as error:
        return error.with_traceback(None)
    raise AssertionError("nothing was raised")


class TestExceptionContext:
    """What surrounds an exception; the standard pickler drops all of it."""

    CAUSED = """
        class AppError(Exception): pass
        try:
            {}["missing"]
        except KeyError as error:
            raise AppError("app") from error
        """

    def test_the_cause(self, in_fresh_process):
        question = "type(obj.__cause__).__name__, obj.__cause__.args, str(obj)"
        expected = ("KeyError", ("missing",), "app")
        assert in_fresh_process(raised(self.CAUSED), question) == expected

    def test_the_cause_silences_the_context(self, in_fresh_process):
        question = "obj.__suppress_context__, obj.__context__ is obj.__cause__"
        assert in_fresh_process(raised(self.CAUSED), question) == (True, True)

    def test_the_context(self, in_fresh_process):
        source = self.CAUSED.replace("from error", "")
        question = (
            "type(obj.__context__).__name__, obj.__cause__, obj.__suppress_context__"
        )
        expected = ("KeyError", None, False)
        assert in_fresh_process(raised(source), question) == expected

    def test_from_none(self, in_fresh_process):
        source = self.CAUSED.replace("from error", "from None")
        question = "obj.__suppress_context__, obj.__cause__"
        assert in_fresh_process(raised(source), question) == (True, None)

    @pytest.mark.skipif(**since(3, 11))
    def test_notes(self, in_fresh_process):
        error = define("class AppError(Exception): pass").AppError("app")
        error.add_note("first")
        error.add_note("second")
        assert in_fresh_process(error, "obj.__notes__") == ["first", "second"]

    def test_a_chain_in_a_circle(self, in_fresh_process):
        made = define("class AppError(Exception): pass")
        one, two = made.AppError(1), made.AppError(2)
        one.__cause__, two.__cause__ = two, one
        question = "obj.__cause__.args, obj.__cause__.__cause__ is obj"
        assert in_fresh_process(one, question) == ((2,), True)
