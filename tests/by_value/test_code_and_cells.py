"""Code objects and cells as objects of their own."""

import textwrap
import types

import pytest
from support.source import define

import cppickle


def test_a_code_object(in_fresh_process):
    code = compile("answer = 6 * 7", "<there>", "exec")
    question = "scope = {}\nexec(obj, scope)\nscope['answer'], obj.co_filename"
    assert in_fresh_process(code, question) == (42, "<there>")


@pytest.mark.parametrize("protocol", range(6))
def test_long_code_at_every_protocol(in_fresh_process, protocol):
    words = " + ".join(f"'word {n} of many'" for n in range(200))
    job = define(f"""
        def job(n):
            def inner(): return job, {words.replace(" +", ", n,")}
            return inner()
        """).job
    question = "f, *words = obj(7)\nf is obj, len(words), words[-1]"
    expected = (True, 399, "word 199 of many")
    assert in_fresh_process(job, question, protocol=protocol) == expected


def test_an_expression(in_fresh_process):
    code = compile("[x for x in range(3)]", "<there>", "eval")
    assert in_fresh_process(code, "eval(obj)") == [0, 1, 2]


def test_a_code_object_shared_with_its_function(in_fresh_process):
    job = define("def job(): return 1").job
    question = "obj[0] is obj[1].__code__ is obj[2].__code__"
    twin = types.FunctionType(job.__code__, {"__name__": "__main__"})
    assert in_fresh_process([job.__code__, job, twin], question) is True


ATTRIBUTES = [
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_filename",
    "co_name",
    "co_firstlineno",
]


def test_every_attribute(in_fresh_process):
    source = """
        def make(free):
            def job(a, /, b, *rest, c=1, **more):
                cell = a
                def inner(): return cell, free
                return inner, undefined
            return job
        """
    code = define(source).make(1).__code__
    answers = in_fresh_process(code, *(f"obj.{name}" for name in ATTRIBUTES))
    assert answers == [getattr(code, name) for name in ATTRIBUTES]


def test_line_numbers(in_fresh_process):
    made = define("def job(x):\n\n  y = (x +\n    1)\n\n\n  return y")
    expected = [line for *_, line in made.job.__code__.co_lines()]
    question = "[line for *_, line in obj.__code__.co_lines()]"
    assert in_fresh_process(made.job, question) == expected


@pytest.mark.parametrize(
    "positions", ["co_positions", "co_exceptiontable", "co_qualname"]
)
def test_what_newer_code_objects_have(in_fresh_process, positions):
    source = """
        class C:
            def job(self):
                try:
                    return self.a + self.b
                except AttributeError:
                    return None
        """
    code = define(source).C.job.__code__
    if not hasattr(code, positions):
        pytest.skip("this Python has none")
    question = f"value = obj.{positions}\nlist(value()) if callable(value) else value"
    value = getattr(code, positions)
    expected = list(value()) if callable(value) else value
    assert in_fresh_process(code, question) == expected


def test_an_equal_code_object_comes_back(roundtrip):
    code = define("def job(a, b=1):\n  return a, b, lambda: job").job.__code__
    assert roundtrip(code) == code


def test_equal_code_objects_on_other_lines_stay_apart(in_fresh_process):
    made = define("a = lambda: 1\nb = lambda: 1")
    question = "[f.__code__.co_firstlineno for f in obj]"
    assert in_fresh_process([made.a, made.b], question) == [1, 2]


def test_a_cell(in_fresh_process):
    question = "type(obj).__name__, obj.cell_contents"
    assert in_fresh_process(types.CellType([5]), question) == ("cell", [5])


def test_an_empty_cell(in_fresh_process):
    question = """
        try:
            obj.cell_contents
        except ValueError as error:
            text = str(error)
        text
        """
    assert in_fresh_process(types.CellType(), question).lower() == "cell is empty"


def test_a_cell_that_holds_itself(in_fresh_process):
    cell = types.CellType()
    cell.cell_contents = cell
    assert in_fresh_process(cell, "obj.cell_contents is obj") is True


def test_a_cell_shared_with_closures(in_fresh_process):
    made = define("def make(n):\n  return lambda: n\nf = make(1)")
    (cell,) = made.f.__closure__
    question = "cell, f = obj\ncell.cell_contents = 9\nf(), f.__closure__[0] is cell"
    assert in_fresh_process([cell, made.f], question) == (9, True)


def test_cells_that_are_equal_stay_apart(in_fresh_process):
    cells = [types.CellType(1), types.CellType(1)]
    assert in_fresh_process(cells, "obj[0] is obj[1]") is False


def test_a_cell_that_holds_what_holds_it(in_fresh_process):
    cell = types.CellType()
    cell.cell_contents = ({"cell": cell}, cell)
    question = "inner, again = obj.cell_contents\ninner['cell'] is obj is again"
    assert in_fresh_process(cell, question) is True


FOREIGN = {
    "a function": "def g(): return 7\nVALUE = g",
    "an instance": "class P: x = 7\nVALUE = P()",
    "a list": "VALUE = [7]",
    "a subclass of int": "class N(int): pass\nVALUE = N(7)",
    "a tuple of one": "class P: x = 7\nVALUE = (1, P(), {2, 3})",
    "a builtin function": "VALUE = len",
    "a class": "class P: x = 7\nVALUE = P",
    "itself": "VALUE = f",
    "its code": "VALUE = [f.__code__]",
}
SHOWN = """
def shown(v):
    v = v[1] if type(v) is tuple else v
    return type(v).__name__, getattr(v, "x", None), v == 7, v == [7]
"""


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("protocol", [None, 0, 2])
def test_a_constant_that_marshal_does_not_know(in_fresh_process, kind, protocol):
    source = """
        def f(a=1):
            '''A docstring.'''
            return 12345, a, later
        later = 2
        {}
        f.__code__ = f.__code__.replace(
            co_consts=tuple(VALUE if c == 12345 else c for c in f.__code__.co_consts)
        )
        {}
        """
    made = define(textwrap.dedent(source).format(FOREIGN[kind], textwrap.dedent(SHOWN)))
    questions = [
        "f, shown = obj\nshown(f()[0]), f()[1:], f.__doc__",
        "f()[0] is f, len(f.__code__.co_consts), f.__code__.co_name",
    ]
    value, *rest = made.f()
    expected = [
        (made.shown(value), tuple(rest), "A docstring."),
        (kind == "itself", len(made.f.__code__.co_consts), "f"),
    ]
    answers = in_fresh_process((made.f, made.shown), *questions, protocol=protocol)
    assert answers == expected


def test_such_a_constant_of_nested_code(in_fresh_process):
    source = """
        def f():
            def g(): return 12345
            return g
        class P: x = 7
        def with_constant(code, value):
            def other(c):
                if hasattr(c, "co_consts"): return with_constant(c, value)
                return value if c == 12345 else c
            return code.replace(co_consts=tuple(map(other, code.co_consts)))
        f.__code__ = with_constant(f.__code__, P)
        """
    made = define(source)
    assert in_fresh_process(made.f, "obj()().x") == 7
    shared = "obj[0] is obj[1].__code__, obj[1]()().x"
    assert in_fresh_process([made.f.__code__, made.f], shared) == (True, 7)
    assert in_fresh_process([made.f, made.f.__code__], "obj[1] is obj[0].__code__")


def test_such_a_constant_that_cannot_be_pickled_is_named():
    made = define("import threading\ndef f(): return 12345\nlock = threading.Lock()")
    constants = made.f.__code__.co_consts
    made.f.__code__ = made.f.__code__.replace(
        co_consts=tuple(made.lock if c == 12345 else c for c in constants)
    )
    with pytest.raises(TypeError) as caught:
        cppickle.dumps([made.f])
    path = caught.value.cppickle_path
    index = made.f.__code__.co_consts.index(made.lock)
    assert path == f"list[0].__code__.co_consts[{index}]"
