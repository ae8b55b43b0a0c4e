"""Functions of the sender's ``__main__``: every kind, with all that hangs on them."""

import pytest
from support.source import define, since


def test_a_lambda(in_fresh_process):
    assert in_fresh_process(define("double = lambda x: 2 * x").double, "obj(21)") == 42


def test_a_plain_function(in_fresh_process):
    source = """
        def mean(numbers):
            total = 0
            for number in numbers:
                total += number
            return total / len(numbers)
        """
    assert in_fresh_process(define(source).mean, "obj([1, 2, 6])") == 3


def test_a_recursive_function(in_fresh_process):
    source = "def factorial(n): return n * factorial(n - 1) if n else 1"
    factorial = define(source).factorial
    answers = in_fresh_process(
        factorial, "obj(20)", "obj.__globals__['factorial'] is obj"
    )
    assert answers == [2432902008176640000, True]


def test_mutually_recursive_functions(in_fresh_process):
    source = """
        def even(n): return n == 0 or odd(n - 1)
        def odd(n): return n != 0 and even(n - 1)
        """
    made = define(source)
    questions = "obj[0](10), obj[1](10), obj[0].__globals__['odd'] is obj[1]"
    assert in_fresh_process([made.even, made.odd], questions) == (True, False, True)


def test_a_generator_function(in_fresh_process):
    source = """
        def countdown(n):
            while n:
                n -= (yield n) or 1
        """
    question = "steps = obj(9)\n[next(steps), steps.send(5), next(steps)]"
    assert in_fresh_process(define(source).countdown, question) == [9, 4, 3]


def test_a_generator_that_delegates(in_fresh_process):
    source = """
        def inner():
            yield 1
            return "end"
        def outer():
            result = yield from inner()
            yield result
        """
    assert in_fresh_process(define(source).outer, "list(obj())") == [1, "end"]


def test_a_coroutine_function(in_fresh_process):
    source = """
        import asyncio
        async def step(n):
            await asyncio.sleep(0)
            return n + 1
        async def job():
            return await step(await step(1))
        """
    question = "import asyncio\nasyncio.run(obj())"
    assert in_fresh_process(define(source).job, question) == 3


def test_an_async_generator_function(in_fresh_process):
    source = """
        async def numbers():
            for n in range(3):
                yield n
        async def job():
            return [n async for n in numbers()]
        """
    question = "import asyncio\nasyncio.run(obj())"
    assert in_fresh_process(define(source).job, question) == [0, 1, 2]


def test_a_function_with_comprehensions_and_walrus(in_fresh_process):
    source = """
        limit = 3
        def job():
            table = {k: [v for v in range(k) if v < limit] for k in range(5)}
            return table, {last := n for n in range(4)}, last, tuple(n for n in [limit])
        """
    table = {0: [], 1: [0], 2: [0, 1], 3: [0, 1, 2], 4: [0, 1, 2]}
    answer = in_fresh_process(define(source).job, "obj()")
    assert answer == (table, {0, 1, 2, 3}, 3, (3,))


def test_a_function_with_match(in_fresh_process):
    source = """
        def kind(x):
            match x:
                case {"kind": str(name), **rest}: return name, rest
                case [first, *others]: return first, others
                case int() | float(): return "number"
                case _: return None
        """
    question = "obj({'kind': 'a', 'n': 1}), obj([1, 2, 3]), obj(5), obj('x')"
    expected = (("a", {"n": 1}), (1, [2, 3]), "number", None)
    assert in_fresh_process(define(source).kind, question) == expected


@pytest.mark.skipif(**since(3, 11))
def test_a_function_with_except_star(in_fresh_process):
    source = """
        def job():
            seen = []
            try:
                raise ExceptionGroup("g", [ValueError(1), KeyError(2)])
            except* ValueError as group:
                seen += group.exceptions
            except* KeyError as group:
                seen += group.exceptions
            return [repr(error) for error in seen]
        """
    expected = ["ValueError(1)", "KeyError(2)"]
    assert in_fresh_process(define(source).job, "obj()") == expected


def test_all_kinds_of_parameters(in_fresh_process):
    source = """
        def job(a, b=2, /, c=3, *rest, d, e=5, **more):
            return a, b, c, rest, d, e, more
        """
    question = "obj(1, d=4), obj(1, 2, 3, 4, d=5, f=6)"
    expected = (1, 2, 3, (), 4, 5, {}), (1, 2, 3, (4,), 5, 5, {"f": 6})
    assert in_fresh_process(define(source).job, question) == expected


def test_defaults_keep_their_identity(in_fresh_process):
    source = """
        shared = []
        def push(item, stack=shared, *, log=shared):
            stack.append(item)
            return log
        """
    made = define(source)
    questions = ["obj[0](1)", "obj[0](2)", "obj[0].__defaults__[0] is obj[1]"]
    answers = in_fresh_process([made.push, made.shared], *questions)
    assert answers == [[1], [1, 2], True]


def test_a_default_that_is_the_function_itself(in_fresh_process):
    source = """
        def job(me=None, *, again=None): return me, again
        job.__defaults__, job.__kwdefaults__ = (job,), {"again": job}
        """
    question = "obj() == (obj, obj), obj.__kwdefaults__['again'] is obj"
    assert in_fresh_process(define(source).job, question) == (True, True)


def test_changed_defaults(in_fresh_process):
    made = define("def job(a, b=1, *, c=2): return a, b, c")
    made.job.__defaults__ = (10, 20)
    made.job.__kwdefaults__ = {"c": 30}
    assert in_fresh_process(made.job, "obj()") == (10, 20, 30)


def test_no_defaults_any_more(in_fresh_process):
    made = define("def job(a=1, *, b=2): return a")
    made.job.__defaults__ = made.job.__kwdefaults__ = None
    assert in_fresh_process(made.job, "obj.__defaults__, obj.__kwdefaults__") == (
        None,
        None,
    )


def test_annotations(in_fresh_process):
    source = """
        class Money: pass
        def price(item: str, count: 'int' = 1, *rest: list[int], **more: dict) -> Money:
            return item
        """
    questions = [
        "list(obj.__annotations__)",
        "obj.__annotations__['count']",
        "obj.__annotations__['rest'] == list[int]",
        "obj.__annotations__['return'].__name__",
        "import typing\ntyping.get_type_hints(obj)['count'] is int",
    ]
    answers = in_fresh_process(define(source).price, *questions)
    names = ["item", "count", "rest", "more", "return"]
    assert answers == [names, "int", True, "Money", True]


def test_annotations_as_strings(in_fresh_process):
    source = """
        from __future__ import annotations
        def price(item: Undefined, count: int) -> Unknown: pass
        """
    expected = {"item": "Undefined", "count": "int", "return": "Unknown"}
    assert in_fresh_process(define(source).price, "obj.__annotations__") == expected


def test_changed_annotations(in_fresh_process):
    made = define("def job(a: int): pass")
    made.job.__annotations__ = {"a": "changed", "b": "new"}
    expected = {"a": "changed", "b": "new"}
    assert in_fresh_process(made.job, "obj.__annotations__") == expected


def test_attributes(in_fresh_process):
    made = define("def job(): return job.calls")
    made.job.calls, made.job.me, made.job.tags = 3, made.job, ["a"]
    question = "obj(), obj.me is obj, obj.tags, sorted(vars(obj))"
    expected = (3, True, ["a"], ["calls", "me", "tags"])
    assert in_fresh_process(made.job, question) == expected


def test_a_docstring(in_fresh_process):
    made = define("def job():\n  '''What it does.'''\ndef silent(): pass")
    questions = "obj[0].__doc__, obj[1].__doc__"
    answer = in_fresh_process([made.job, made.silent], questions)
    assert answer == ("What it does.", None)


def test_a_changed_docstring(in_fresh_process):
    made = define("def job():\n  '''Old.'''\ndef other():\n  '''Gone.'''")
    made.job.__doc__, made.other.__doc__ = "New.", None
    questions = "obj[0].__doc__, obj[1].__doc__"
    assert in_fresh_process([made.job, made.other], questions) == ("New.", None)


def test_names(in_fresh_process):
    made = define("class Outer:\n  def job(self): pass\njob = Outer.job")
    question = "obj.__name__, obj.__qualname__, obj.__module__"
    assert in_fresh_process(made.job, question) == ("job", "Outer.job", "__main__")


def test_changed_names(in_fresh_process):
    made = define("def job(): pass")
    made.job.__name__, made.job.__qualname__, made.job.__module__ = "a", "b.c", "d"
    question = "obj.__name__, obj.__qualname__, obj.__module__"
    assert in_fresh_process(made.job, question) == ("a", "b.c", "d")


def test_a_name_outside_ascii(in_fresh_process):
    made = define("größe = 3\ndef maß(π): return π * größe")
    assert in_fresh_process(made.maß, "obj(2), obj.__name__") == (6, "maß")


def test_the_same_function_twice_is_one(in_fresh_process):
    job = define("def job(): pass").job
    assert in_fresh_process([job, job, {"k": job}], "obj[0] is obj[1] is obj[2]['k']")


def test_functions_of_one_code_stay_apart(in_fresh_process):
    made = define("fs = [lambda x, n=n: x + n for n in range(5)]")
    question = "[f(10) for f in obj], len({f.__code__ for f in obj})"
    assert in_fresh_process(made.fs, question) == ([10, 11, 12, 13, 14], 1)


def test_a_traceback_of_the_far_side_tells_file_and_line(in_fresh_process):
    made = define("\n\n\ndef fail():\n  x = 1\n  return x / 0")
    question = """
        import traceback
        try:
            obj()
        except ZeroDivisionError as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
        last.filename, last.lineno, last.name
        """
    assert in_fresh_process(made.fail, question) == ("<sender>", 6, "fail")


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol(in_fresh_process, protocol):
    made = define("factor = 3\ndef job(x, *, y=1): return factor * x + y")
    assert in_fresh_process(made.job, "obj(2)", protocol=protocol) == 7


def test_a_thousand_functions_that_call_each_other(in_fresh_process):
    lines = [f"def f{n}(): return f{n + 1}" for n in range(1000)]
    made = define("\n".join([*lines, "def f1000(): return 'end'"]))
    question = "f, steps = obj, 0\nwhile f != 'end': f, steps = f(), steps + 1\nsteps"
    assert in_fresh_process(made.f0, question) == 1001


def test_two_hundred_functions_inside_each_other(in_fresh_process):
    source = """
        def wrap(inner):
            def outer(): return inner() + 1
            return outer
        def job(): return 0
        for _ in range(200):
            job = wrap(job)
        """
    assert in_fresh_process(define(source).job, "obj()") == 200


def test_lambdas_written_inside_each_other(in_fresh_process):
    made = define("step = 1\nf = " + "lambda: " * 60 + "step")
    question = "x = obj\nfor _ in range(60): x = x()\nx"
    assert in_fresh_process(made.f, question) == 1


def test_a_function_with_many_constants_and_names(in_fresh_process):
    names = "\n".join(f"g{n} = {n}" for n in range(400))
    terms = " + ".join(f"g{n} * {n + 1000}" for n in range(400))
    made = define(f"{names}\ndef total(): return {terms}")
    expected = sum(n * (n + 1000) for n in range(400))
    assert in_fresh_process(made.total, "obj()") == expected


CONSTANTS = [
    "None",
    "...",
    "(True, False)",
    "-1",
    "2**200",
    "-(2**200)",
    "1.5",
    "-0.0",
    "1e400",
    "1.5j",
    "complex(-0.0, 1)",
    "'text é 🐍 \\ud800'",
    "b'bytes \\xff'",
    "''",
    "b''",
    "()",
    "(1, ('a', (b'b', None)), 1.0, 1, True)",
    "('x' * 300, 'y' * 70_000)",
]


@pytest.mark.parametrize("constant", CONSTANTS)
def test_constants(in_fresh_process, constant):
    made = define(f"def job(): return {constant}")
    assert in_fresh_process(made.job, "repr(obj())") == repr(made.job())


def test_constants_that_are_sets(in_fresh_process):
    source = "def job(x): return x in {1, 'a', (2, 3)}, x in {b'b', None, 1.5}"
    question = "obj('a'), obj(None), obj((2, 3))"
    expected = ((True, False), (False, True), (True, False))
    assert in_fresh_process(define(source).job, question) == expected


def test_exceptions_and_finally(in_fresh_process):
    source = """
        def job(x):
            log = []
            try:
                with open(x) as file:
                    log.append(file)
            except (TypeError, FileNotFoundError) as error:
                log.append(type(error).__name__)
            else:
                log.append("else")
            finally:
                log.append("finally")
            return log
        """
    question = "obj('/no such file'), obj([])"
    expected = (["FileNotFoundError", "finally"], ["TypeError", "finally"])
    assert in_fresh_process(define(source).job, question) == expected


def test_a_function_that_has_run_hot(in_fresh_process):
    """Specialised bytecode must not travel."""
    source = """
        class Point:
            def __init__(self): self.x = 1
        total = 0
        def job(n):
            point, result = Point(), 0
            for i in range(n):
                result += point.x + len([i]) + total
            return result
        job(10_000)
        """
    assert in_fresh_process(define(source).job, "obj(5)") == 10
