"""What has to hold on every engine.

A test class of an engine derives from `Contract` and has a fixture ``call``, which runs
a function with arguments in a worker process and gives what it returns, and a fixture
``call_many``, which runs one function for each item of a list. Everything that is sent
is made inside of a test, so no worker can import it.
"""

import dataclasses
import enum
import functools
import os
import threading
import types

import numpy
import pytest


def path_of(error):
    """What an error says about the path to what could not be pickled."""
    told = [error, error.__cause__, error.__context__]
    return " ".join(
        f"{one} {getattr(one, 'cppickle_path', '')}" for one in told if one is not None
    )


class Contract:
    # Whether what is between pickles with cppickle too, or hands streams on unread.
    passed_on_whole = True

    def needs_whole_streams(self):
        if not self.passed_on_whole:
            pytest.skip("what is passed on is pickled again, by cloudpickle")

    def test_a_lambda(self, call):
        assert call(lambda x: x * x, 12) == 144

    def test_a_function_takes_its_globals_along(self, call):
        names = {"rate": 3}
        exec("def scaled(x):\n    return x * rate\n", names)
        assert call(names["scaled"], 5) == 15

    def test_a_closure_and_recursion(self, call):
        offset = 7

        def factorial(n):
            return offset if n == 0 else n * factorial(n - 1)

        assert call(factorial, 4) == 168

    def test_two_closures_share_a_variable(self, call):
        self.needs_whole_streams()
        count = 0

        def add():
            nonlocal count
            count += 1

        def read():
            return count

        def both(functions):
            add, read = functions
            add()
            add()
            return read()

        assert call(both, (add, read)) == 2

    def test_a_cached_function(self, call):
        self.needs_whole_streams()
        cached = functools.lru_cache(maxsize=4)(lambda x: x + 1)
        assert call(lambda: cached(1)) == 2

    def test_instances_come_back_as_what_they_were(self, call):
        self.needs_whole_streams()

        class Point:
            __slots__ = ("x", "y")

            def __init__(self, x, y):
                self.x, self.y = x, y

            def moved(self, by):
                return type(self)(self.x + by, self.y + by)

        class Named(Point):
            name = "named"

        moved = call(lambda point: point.moved(1), Named(1, 2))
        assert (moved.x, moved.y, moved.name) == (2, 3, "named")
        assert type(moved) is Named
        assert isinstance(moved, Point)

    def test_a_class_comes_back_as_itself(self, call):
        class Thing:
            def __eq__(self, other):
                return type(self) is type(other)

            __hash__ = None

        assert call(lambda cls: cls() == cls(), Thing) is True
        assert call(lambda cls: cls, Thing) is Thing
        assert call(lambda thing: [thing], Thing()) == [Thing()]

    def test_methods_and_partials(self, call):
        self.needs_whole_streams()

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
        assert call(Derived().up()) == "base"
        assert call(Derived().private()) == "private"
        assert call(types.MethodType(lambda n: n + 1, 4)) == 5
        assert call(lambda partial: (partial(), partial.tag), tagged) == (7, "kept")
        assert call(lambda: tagged).tag == "kept"

    def test_dataclasses_and_enums(self, call):
        class Color(enum.Enum):
            RED = 1
            GREEN = 2

        @dataclasses.dataclass(frozen=True)
        class Shape:
            color: Color
            sizes: list = dataclasses.field(default_factory=list)

        def paint(shape):
            assert shape.color is Color.RED
            return dataclasses.replace(shape, color=Color.GREEN)

        painted = call(paint, Shape(Color.RED, [1]))
        assert painted.sizes == [1]
        assert painted.color.name == "GREEN"
        assert painted == Shape(Color.GREEN, [1])
        assert painted.color is Color.GREEN

    def test_a_function_comes_back(self, call):
        def adder(n):
            return lambda x: x + n

        assert call(adder, 3)(4) == 7

    def test_arrays_there_and_back(self, call):
        array = numpy.arange(1_000_000, dtype=numpy.float64)
        doubled = call(lambda a: a * 2, array)
        assert doubled.dtype == array.dtype
        assert numpy.array_equal(doubled, array * 2)

    def test_an_exception_of_the_task(self, call):
        def fail(number):
            raise ValueError(f"no {number}")

        with pytest.raises(Exception, match="no 42"):
            call(fail, 42)

    def test_an_error_names_the_path(self, call):
        guard = {"inner": [threading.Lock()]}

        def locked(x):
            return guard

        with pytest.raises(Exception) as caught:
            call(locked, 1)
        assert "lock" in path_of(caught.value)
        assert "guard" in path_of(caught.value)
        assert "['inner'][0]" in path_of(caught.value)

    def test_it_works_after_an_error(self, call):
        with pytest.raises(Exception):  # noqa: B017
            call(lambda: threading.Lock().nothing)
        assert call(lambda: "alive") == "alive"

    def test_two_processes_do_the_work(self, call_many):
        def where(seconds):
            import time

            time.sleep(seconds)
            return os.getpid()

        pids = set(call_many(where, [0.3] * 8))
        assert len(pids) >= 2
        assert os.getpid() not in pids
