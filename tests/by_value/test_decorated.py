"""Decorated functions: functools.wraps, lru_cache, singledispatch, context managers."""

from support.source import define


def test_wraps(in_fresh_process):
    source = """
        import functools
        def traced(f):
            @functools.wraps(f)
            def wrapper(*args): return "traced", f(*args)
            return wrapper
        @traced
        def job(x):
            '''Doubles.'''
            return 2 * x
        """
    questions = [
        "obj(2)",
        "obj.__name__, obj.__qualname__, obj.__doc__",
        "obj.__wrapped__(2), obj.__closure__[0].cell_contents is obj.__wrapped__",
    ]
    answers = in_fresh_process(define(source).job, *questions)
    assert answers == [("traced", 4), ("job", "job", "Doubles."), (4, True)]


def test_a_decorator_with_arguments_and_state(in_fresh_process):
    source = """
        def counted(start):
            def decorate(f):
                def wrapper():
                    wrapper.calls += 1
                    return f(), wrapper.calls
                wrapper.calls = start
                return wrapper
            return decorate
        @counted(10)
        def job(): return "done"
        """
    expected = [("done", 11), ("done", 12)]
    assert in_fresh_process(define(source).job, "[obj(), obj()]") == expected


def test_a_class_as_decorator(in_fresh_process):
    source = """
        class Memo:
            def __init__(self, f): self.f, self.seen = f, {}
            def __call__(self, x):
                if x not in self.seen:
                    self.seen[x] = self.f(x)
                return self.seen[x]
        @Memo
        def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
        """
    question = "obj(50), len(obj.seen), obj.f.__globals__['fibonacci'] is obj"
    answer = in_fresh_process(define(source).fibonacci, question)
    assert answer == (12586269025, 51, True)


def test_lru_cache(in_fresh_process):
    source = """
        from functools import lru_cache
        @lru_cache(maxsize=7, typed=True)
        def square(x):
            '''Squares.'''
            return x * x
        """
    questions = [
        "obj(3), obj(3), obj(3.0)",
        "tuple(obj.cache_info())",
        "obj.cache_parameters()",
        "obj.__wrapped__(5), obj.__name__, obj.__doc__",
    ]
    answers = in_fresh_process(define(source).square, *questions)
    assert answers == [
        (9, 9, 9.0),
        (1, 2, 7, 2),
        {"maxsize": 7, "typed": True},
        (25, "square", "Squares."),
    ]


def test_an_lru_cache_that_calls_itself(in_fresh_process):
    source = """
        import functools
        @functools.cache
        def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
        """
    question = "obj(90), obj.cache_info().misses"
    expected = (2880067194370816120, 91)
    assert in_fresh_process(define(source).fibonacci, question) == expected


def test_an_lru_cache_on_a_method(in_fresh_process):
    source = """
        from functools import lru_cache
        class C:
            @lru_cache
            def get(self, x): return x, type(self).__name__
        """
    question = "c = obj()\nc.get(1), c.get(1), obj.get.cache_info().hits"
    answer = in_fresh_process(define(source).C, question)
    assert answer == ((1, "C"), (1, "C"), 1)


def test_an_lru_cache_of_a_builtin(in_fresh_process):
    made = define("import functools\npower = functools.lru_cache(pow)")
    assert in_fresh_process(made.power, "obj(2, 10)") == 1024


def test_an_importable_lru_cache_goes_by_reference(roundtrip):
    import fnmatch

    cached = fnmatch._compile_pattern
    assert roundtrip(cached) is cached


def test_singledispatch(in_fresh_process):
    source = """
        from functools import singledispatch
        class Special: pass
        @singledispatch
        def kind(x): return "something"
        @kind.register(int)
        def _(x): return "an int"
        @kind.register
        def of_special(x: Special): return "special"
        kind(1), kind(""), kind(Special())
        """
    made = define(source)
    questions = [
        "kind, special = obj\nkind(1), kind(True), kind('x'), kind(special())",
        "kind.register(str, lambda x: 'a str')\nkind('x')",
        "kind.dispatch(int)(0)",
    ]
    answers = in_fresh_process([made.kind, made.Special], *questions)
    assert answers == [("an int", "an int", "something", "special"), "a str", "an int"]


def test_singledispatchmethod(in_fresh_process):
    source = """
        from functools import singledispatchmethod
        class C:
            @singledispatchmethod
            def kind(self, x): return "something"
            @kind.register
            def _(self, x: int): return "an int"
        """
    assert in_fresh_process(define(source).C(), "obj.kind(1), obj.kind('')") == (
        "an int",
        "something",
    )


def test_a_context_manager(in_fresh_process):
    source = """
        from contextlib import contextmanager
        log = []
        @contextmanager
        def logged(name):
            log.append("enter " + name)
            try:
                yield log
            finally:
                log.append("exit " + name)
        """
    question = "with obj('a') as log: pass\nlog"
    assert in_fresh_process(define(source).logged, question) == ["enter a", "exit a"]


def test_partial_of_a_function(in_fresh_process):
    source = """
        from functools import partial
        def add(a, b, *, c=0): return a + b + c
        job = partial(add, 1, c=10)
        job.note = "kept"
        """
    question = "obj(2), obj.note, obj.args, obj.keywords"
    assert in_fresh_process(define(source).job, question) == (
        13,
        "kept",
        (1,),
        {"c": 10},
    )


def test_partial_of_itself(in_fresh_process):
    made = define("from functools import partial\njob = partial(lambda x: x)")
    made.job.me = made.job
    assert in_fresh_process(made.job, "obj.me is obj, obj(3)") == (True, 3)


def test_a_function_marked_as_a_coroutine(in_fresh_process):
    source = """
        import types
        @types.coroutine
        def pause(): return (yield "paused")
        async def job(): return await pause()
        """
    question = """
        steps = obj()
        first = steps.send(None)
        try:
            steps.send("resumed")
        except StopIteration as stop:
            last = stop.value
        first, last
        """
    assert in_fresh_process(define(source).job, question) == ("paused", "resumed")
