"""Code objects and cells as objects of their own."""

import types

import pytest
from support.source import define


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
