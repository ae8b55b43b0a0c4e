"""cppickle.ProcessPoolExecutor: what goes by value, what fails, what stays."""

import concurrent.futures
import functools
import multiprocessing
import sys
import threading
import traceback
import types

import pytest
from support.processes import run_child

import cppickle

SECONDS = 60


@pytest.fixture(scope="module", params=multiprocessing.get_all_start_methods())
def pool(request):
    context = multiprocessing.get_context(request.param)
    with cppickle.ProcessPoolExecutor(1, context) as pool:
        yield pool


def call(pool, function, *arguments, **options):
    return pool.submit(function, *arguments, **options).result(SECONDS)


def test_a_lambda_as_task_and_as_result(pool):
    assert call(pool, lambda x: lambda: x + 1, 4)() == 5


def test_keywords(pool):
    assert call(pool, lambda *args, **options: (args, options), 1, b=2) == (
        (1,),
        {"b": 2},
    )


def test_map_with_chunks(pool):
    found = pool.map(lambda x, y: x * y, range(7), range(7), chunksize=3)
    assert list(found) == [x * x for x in range(7)]


def test_a_class_keeps_its_identity(pool):
    class Thing:
        def __init__(self, n):
            self.n = n

        def next(self):
            return Thing(self.n + 1)

    returned = call(pool, lambda thing: thing.next(), Thing(1))
    assert type(returned) is Thing
    assert returned.n == 2


def test_methods_and_partials(pool):
    class Base:
        def named(self):
            return "base"

    class Derived(Base):
        def named(self):
            return "derived"

        def up(self):
            return super().named

        def __private(self):
            return "private"

        def private(self):
            return self.__private

    tagged = functools.partial(int, "7")
    tagged.tag = "kept"
    assert call(pool, Derived().up()) == "base"
    assert call(pool, lambda: Derived().up())() == "base"
    assert call(pool, Derived().private()) == "private"
    assert call(pool, types.MethodType(lambda n: n + 1, 4)) == 5
    assert call(pool, lambda: getattr(tagged, "tag", None)) == "kept"
    assert call(pool, getattr, tagged, "tag", None) == "kept"
    assert call(pool, lambda: tagged).tag == "kept"


def test_an_exception_class_keeps_its_identity(pool):
    class Refusal(Exception):
        def __init__(self, code, reason):
            super().__init__(f"{code}: {reason}")
            self.code = code

    def refuse():
        raise Refusal(7, "no")

    with pytest.raises(Refusal, match="7: no") as caught:
        call(pool, refuse)
    assert caught.value.code == 7
    assert "in refuse" in str(caught.value.__cause__)


def test_an_exception_that_cannot_be_sent_is_described(pool):
    def fail():
        error = ValueError("the reason")
        error.lock = threading.Lock()
        raise error

    with pytest.raises(RuntimeError, match=r"ValueError: the reason .*lock"):
        call(pool, fail)


def test_a_task_that_cannot_be_sent(pool):
    guard = {"here": threading.Lock()}
    with pytest.raises(TypeError, match="lock") as caught:
        call(pool, lambda: guard)
    assert caught.value.cppickle_path == "fn.__closure__['guard']['here']"
    assert call(pool, lambda: "alive") == "alive"


def test_a_result_that_cannot_be_sent(pool):
    with pytest.raises(TypeError, match="lock") as caught:
        call(pool, lambda: {"there": [threading.Lock()]})
    assert caught.value.cppickle_path.startswith("the result of ")
    assert caught.value.cppickle_path.endswith("<lambda>()['there'][0]")
    assert caught.value.cppickle_path in str(caught.value)
    assert call(pool, lambda: "alive") == "alive"


def test_paths_of_a_task_have_the_words_of_submit(pool):
    def train(*args, **kwargs):
        return guard

    guard = threading.Lock()
    name = train.__qualname__

    def path(fn, *args, **kwargs):
        with pytest.raises(TypeError, match="lock") as caught:
            pool.submit(fn, *args, **kwargs).result(60)
        assert str(caught.value).endswith(
            f"while pickling {caught.value.cppickle_path}"
        )
        return caught.value.cppickle_path

    assert path(train) == f"{name}.__closure__['guard']"
    assert path(functools.partial(train, 1)) == "fn.func.__closure__['guard']"
    assert path(print, 1, [guard]) == "args[1][0]"
    assert path(print, file=guard) == "kwargs['file']"
    assert path(threading.Lock) == f"the result of {threading.Lock.__qualname__}()"


def test_the_printed_traceback_of_a_task_has_its_chain(pool):
    def fail():
        try:
            {}["missing"]
        except KeyError as error:
            raise ValueError("outer") from error

    def hide():
        try:
            {}["missing"]
        except KeyError:
            raise ValueError("outer") from None

    def printed(function):
        error = pool.submit(function).exception(SECONDS)
        return "".join(traceback.format_exception(type(error), error, None))

    assert "KeyError: 'missing'" in printed(fail)
    assert "in fail" in printed(fail)
    assert "KeyError" not in printed(hide)


def test_an_error_of_a_task_sent_with_its_traceback(pool):
    """For those who want the frames and not only their text."""

    def fail():
        raise ValueError("outer")

    def work():
        try:
            fail()
        except ValueError as error:
            return cppickle.with_traceback(error)

    error = call(pool, work)
    names = [entry.name for entry in traceback.extract_tb(error.__traceback__)]
    assert names == ["work", "fail"]


def test_an_error_that_cannot_be_sent_says_where(pool):
    def fail():
        raise ValueError("the reason", [threading.Lock()])

    with pytest.raises(RuntimeError, match=r"ValueError\.args\[1\]\[0\]"):
        call(pool, fail)


def test_a_task_that_cannot_be_loaded(pool):
    def missing():
        raise LookupError("gone")

    class Fickle:
        def __reduce__(self):
            return missing, ()

    with pytest.raises(LookupError, match="gone"):
        call(pool, id, Fickle())
    assert call(pool, lambda: "alive") == "alive"


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_an_initializer_by_value(method):
    start = {"value": 5}

    def initialize(more):
        sys.cppickle_test = start["value"] + more

    context = multiprocessing.get_context(method)
    with cppickle.ProcessPoolExecutor(1, context, initialize, (2,)) as pool:
        assert call(pool, lambda: sys.cppickle_test) == 7


def test_an_initializer_that_fails_breaks_the_pool():
    def fail():
        raise ValueError

    broken = concurrent.futures.process.BrokenProcessPool
    with (
        cppickle.ProcessPoolExecutor(1, initializer=fail) as pool,
        pytest.raises(broken),
    ):
        call(pool, lambda: 1)


def test_it_is_the_standard_executor_otherwise():
    assert issubclass(
        cppickle.ProcessPoolExecutor, concurrent.futures.ProcessPoolExecutor
    )
    with pytest.raises(ValueError, match="max_workers"):
        cppickle.ProcessPoolExecutor(0)
    assert multiprocessing.reduction.ForkingPickler.__module__.startswith("multi")


def test_functions_of_main_without_a_file():
    source = """
        import cppickle, multiprocessing

        RATE = 3

        class Price:
            def __init__(self, net): self.net = net
            def gross(self): return self.net * RATE

        def raised(price): return Price(price.gross())

        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            with cppickle.ProcessPoolExecutor(1, context) as pool:
                price = pool.submit(raised, Price(2)).result(60)
            print(price.net, type(price) is Price)
        """
    assert run_child(source).split() == ["6", "True"]


def test_importing_the_package_imports_no_executor():
    source = """
        import sys, cppickle
        print([m for m in ("multiprocessing", "concurrent.futures", "ctypes",
                           "cppickle.integrations") if m in sys.modules])
        print("ProcessPoolExecutor" in dir(cppickle))
        """
    assert run_child(source).split("\n")[:2] == ["[]", "True"]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="it is there")
def test_no_executor_of_interpreters_before_3_14():
    from cppickle.integrations import executors

    for module in (cppickle, executors):
        assert not hasattr(module, "InterpreterPoolExecutor")
        with pytest.raises(AttributeError, match="needs Python 3.14 or later; this is"):
            module.InterpreterPoolExecutor  # noqa: B018
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            module.Nothing  # noqa: B018


@pytest.mark.skipif(sys.version_info < (3, 14), reason="needs Python 3.14")
class TestInterpreters:
    @pytest.fixture(scope="class")
    @staticmethod
    def interpreters():
        with cppickle.InterpreterPoolExecutor(2) as pool:
            yield pool

    def test_a_lambda_as_task_and_as_result(self, interpreters):
        assert call(interpreters, lambda x: lambda: x + 1, 4)() == 5

    def test_a_class_keeps_its_identity(self, interpreters):
        class Thing:
            pass

        assert type(call(interpreters, lambda thing: thing, Thing())) is Thing

    def test_an_exception(self, interpreters):
        class Refusal(Exception):
            pass

        def refuse():
            raise Refusal("no")

        with pytest.raises(Refusal, match="no"):
            call(interpreters, refuse)

    def test_what_cannot_be_sent(self, interpreters):
        lock = threading.Lock()
        with pytest.raises(TypeError, match="lock"):
            interpreters.submit(lambda: lock)

    def test_an_initializer(self):
        def initialize(value):
            sys.cppickle_test = value

        with cppickle.InterpreterPoolExecutor(
            1, initializer=initialize, initargs=(3,)
        ) as pool:
            assert call(pool, lambda: sys.cppickle_test) == 3
