"""Globals: which travel, who shares them, and what of the receiver stays untouched."""

import io
import pickle
import threading

import pytest
from support.source import define

import cppickle


def test_a_global(in_fresh_process):
    made = define("factor = 3\ndef scale(x): return factor * x")
    assert in_fresh_process(made.scale, "obj(2)") == 6


def test_only_referenced_globals_travel(in_fresh_process):
    source = """
        used, unused, also_used = 1, 2, 3
        def job():
            def inner(): return also_used
            return used + inner()
        """
    made = define(source, lock=threading.Lock())
    question = "obj(), sorted(n for n in obj.__globals__ if 'used' in n or n == 'lock')"
    assert in_fresh_process(made.job, question) == (4, ["also_used", "used"])


def test_an_attribute_name_is_no_global(in_fresh_process):
    made = define("def job(x): return x.secret", secret=threading.Lock())
    assert in_fresh_process(made.job, "'secret' in obj.__globals__") is False


def test_globals_of_nested_code(in_fresh_process):
    source = """
        a, b, c, d = 1, 2, 3, 4
        def job():
            class Local:
                x = a
                def get(self): return [b for _ in range(1)]
            return Local.x, Local().get(), (lambda: {c: d})()
        """
    assert in_fresh_process(define(source).job, "obj()") == (1, [2], {3: 4})


def test_a_global_that_is_written_or_deleted(in_fresh_process):
    source = """
        count, gone = 1, 2
        def job():
            global count, gone, new
            count += 1
            del gone
            new = 5
            return count, "gone" in globals(), new
        """
    assert in_fresh_process(define(source).job, "obj()") == (2, False, 5)


def test_a_missing_global_is_found_when_it_is_called(in_fresh_process):
    made = define("def job(): return undefined")
    question = (
        "try: obj()\nexcept NameError as error: text = str(error)\n'undefined' in text"
    )
    assert in_fresh_process(made.job, question) is True


def test_functions_of_one_dump_share_their_globals(in_fresh_process):
    source = """
        count = 0
        def increment():
            global count
            count += 1
        def get(): return count
        """
    made = define(source)
    questions = [
        "obj[0].__globals__ is obj[1].__globals__",
        "obj[0](); obj[0]()\nobj[1]()",
    ]
    assert in_fresh_process([made.increment, made.get], *questions) == [True, 2]


def test_functions_share_globals_by_way_of_a_class(in_fresh_process):
    source = """
        count = 0
        class Counter:
            def up(self):
                global count
                count += 1
        def get(): return count
        """
    made = define(source)
    question = "counter, get = obj\ncounter.up(); counter.up()\nget()"
    assert in_fresh_process([made.Counter(), made.get], question) == 2


def test_a_later_function_adds_its_globals(in_fresh_process):
    source = """
        a, b = 1, 2
        def first(): return a
        def second(): return a, b
        """
    made = define(source)
    questions = ["obj[0](), obj[1]()", "obj[0].__globals__ is obj[1].__globals__"]
    assert in_fresh_process([made.first, made.second], *questions) == [
        (1, (1, 2)),
        True,
    ]


def test_namespaces_of_the_sender_stay_apart(in_fresh_process):
    one, two = define("n = 1\ndef f(): return n"), define("n = 2\ndef f(): return n")
    question = "obj[0](), obj[1](), obj[0].__globals__ is obj[1].__globals__"
    assert in_fresh_process([one.f, two.f], question) == (1, 2, False)


def test_several_dumps_of_one_pickler_share_globals():
    source = """
        count = 0
        def increment():
            global count
            count += 1
        def get(): return count
        """
    made, file = define(source), io.BytesIO()
    pickler = cppickle.Pickler(file)
    pickler.dump(made.increment)
    pickler.dump(made.get)
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    increment, get = unpickler.load(), unpickler.load()
    increment()
    assert get() == 1
    assert made.get() == 0


def test_dumps_apart_share_nothing(bare_worker):
    made = define("count = 0\ndef f():\n  global count\n  count += 1\n  return count")
    stream = cppickle.dumps(made.f)
    bare_worker.load(stream, "a")
    bare_worker.load(stream, "b")
    bare_worker.load(cppickle.dumps(made.f), "c")
    assert bare_worker.ask("a(), a(), b(), c()") == (1, 2, 1, 1)


def test_the_receiver_s_main_is_not_touched(bare_worker):
    bare_worker.run_main("factor = 100\ndef helper(): return 'receiver'")
    names = "import __main__\nsorted(vars(__main__))"
    before = bare_worker.ask(names)
    made = define(
        """
        factor = 2
        def helper(): return "sender"
        def job(x):
            global result
            result = factor * x
            return helper(), result
        """
    )
    bare_worker.load(cppickle.dumps(made.job))
    assert bare_worker.ask("obj(21)") == ("sender", 42)
    assert bare_worker.ask("__main__.factor, __main__.helper()") == (100, "receiver")
    assert bare_worker.ask(names) == before


def test_the_sender_s_own_namespace_is_not_touched():
    made = define("count = 0\ndef f():\n  global count\n  count += 1\n  return count")
    again = pickle.loads(cppickle.dumps(made.f))
    assert (again(), again(), made.count) == (1, 2, 0)
    assert again.__globals__ is not made.f.__globals__


def test_dumping_leaves_the_sender_as_it_was():
    made = define(
        "n = 1\ndef f(): return n, len([])\nclass C:\n  def g(self): return n"
    )
    before = [dict(vars(x)) for x in (made.f, made.C, made.C.g)], dict(made.globals)
    cppickle.dumps([made.f, made.C])
    assert before == (
        [dict(vars(x)) for x in (made.f, made.C, made.C.g)],
        dict(made.globals),
    )


def test_builtins_work_on_the_far_side(in_fresh_process):
    source = """
        def job():
            class Local: pass
            import math
            code = compile("max([1, 2])", "x", "eval")
            os = __import__("os")
            return len("abc"), eval(code), os.sep, math.floor(1.5), Local()
        """
    assert in_fresh_process(define(source).job, "obj()[:4]") == (3, 2, "/", 1)


def test_builtins_do_not_travel():
    made = define("def f(): return len([])")
    assert "__builtins__" in made.globals
    assert len(cppickle.dumps(made.f)) < 1500


@pytest.mark.parametrize("of_the_sender", ["a dict", "a module"])
def test_builtins_by_name(in_fresh_process, of_the_sender):
    import builtins

    given = vars(builtins) if of_the_sender == "a dict" else builtins
    made = define("def f(): return __builtins__", __builtins__=given)
    question = "import builtins\nb = obj()\nb is builtins or b is vars(builtins)"
    assert in_fresh_process(made.f, question) is True


def test_a_builtin_that_the_sender_replaced(in_fresh_process):
    made = define("def len(x): return 'mine'\ndef f(): return len([]), max(1, 2)")
    assert in_fresh_process(made.f, "obj()") == ("mine", 2)


def test_a_global_that_is_the_namespace_itself(in_fresh_process):
    made = define("n = 1\nnames = globals()\ndef f(): return names['n'], n")
    assert in_fresh_process(made.f, "obj()[1]") == 1


def test_what_travels_of_the_module(in_fresh_process):
    names = {"__package__": "pkg", "__file__": "/there/pkg/mod.py"}
    made = define("def f(): return __name__, __package__, __file__", **names)
    expected = ("__main__", "pkg", "/there/pkg/mod.py")
    assert in_fresh_process(made.f, "obj()") == expected


def test_globals_by_the_function_globals(in_fresh_process):
    made = define("n = 1\ndef f(): return n, globals()['__name__']")
    assert in_fresh_process(made.f, "obj()") == (1, "__main__")


def test_importable_functions_go_by_reference(in_fresh_process):
    source = """
        import json, os.path
        from textwrap import dedent
        from collections import OrderedDict as Ordered
        def job(): return json.loads, os.path.join, dedent, Ordered
        """
    question = "import json, os, textwrap, collections\n" + (
        "obj() == (json.loads, os.path.join, textwrap.dedent, collections.OrderedDict)"
    )
    assert in_fresh_process(define(source).job, question) is True


def test_a_function_of_a_module_that_is_not_there(in_fresh_process):
    made = define("n = 5\ndef f(): return n, __name__", module="no_such_module_here")
    question = "import sys\nobj(), obj.__module__, 'no_such_module_here' in sys.modules"
    expected = ((5, "no_such_module_here"), "no_such_module_here", False)
    assert in_fresh_process(made.f, question) == expected


def test_a_function_without_a_module(in_fresh_process):
    made = define("n = 5\ndef f(): return n")
    made.f.__module__ = None
    assert in_fresh_process(made.f, "obj(), obj.__module__") == (5, None)


def test_an_empty_namespace(in_fresh_process):
    import types

    code = define("def f(): return len('ab')").f.__code__
    bare = types.FunctionType(code, {})
    assert in_fresh_process(bare, "obj()") == 2
