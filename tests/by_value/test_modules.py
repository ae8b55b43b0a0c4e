"""Modules by reference, and modules that exist nowhere but in the sender."""

import importlib
import sys
import textwrap
import types

import pytest
from support.source import define

import cppickle


@pytest.mark.parametrize(
    "name", ["json", "os.path", "xml.dom.minidom", "collections.abc"]
)
def test_an_importable_module(in_fresh_process, name):
    module = importlib.import_module(name)
    question = f"import importlib\nobj is importlib.import_module({name!r})"
    assert in_fresh_process(module, question) is True


def test_a_module_comes_back_as_itself(roundtrip):
    import json.decoder

    assert roundtrip(json.decoder) is json.decoder
    assert roundtrip([sys, sys]) == [sys, sys]


def test_an_importable_module_of_a_class_of_its_own(monkeypatch, roundtrip):
    class Lazy(types.ModuleType):
        pass

    module = Lazy("lazy_module")
    monkeypatch.setitem(sys.modules, "lazy_module", module)
    assert roundtrip(module) is module
    monkeypatch.delitem(sys.modules, "lazy_module")
    with pytest.raises(TypeError, match="Lazy"):
        cppickle.dumps(module)


def dynamic(source, name="made_here", **names):
    """A module that was never imported, with `source` executed in it."""
    module = types.ModuleType(name, "What it is for.")
    vars(module).update(names)
    exec(compile(textwrap.dedent(source), "<made>", "exec"), vars(module))
    return module


COUNTING = """
    count = 0
    def up():
        global count
        count += 1
        return count
    class Counter:
        def get(self): return count
    """


def test_a_dynamic_module(in_fresh_process):
    questions = [
        "type(obj).__name__, obj.__name__, obj.__doc__, obj.count",
        "obj.up(), obj.count, obj.Counter().get()",
        "obj.up.__globals__ is vars(obj)",
        "import sys\n'made_here' in sys.modules",
    ]
    answers = in_fresh_process(dynamic(COUNTING), *questions)
    assert answers == [
        ("module", "made_here", "What it is for.", 0),
        (1, 1, 1),
        True,
        False,
    ]


@pytest.mark.parametrize("order", ["function first", "module first"])
def test_a_dynamic_module_and_its_function(in_fresh_process, order):
    module = dynamic(COUNTING)
    sent = [module.up, module] if order == "function first" else [module, module.up]
    question = f"""
        up, module = obj if {order == "function first"} else reversed(obj)
        up()
        up is module.up, module.count, up.__globals__ is vars(module)
        """
    assert in_fresh_process(sent, question) == (True, 1, True)


def test_a_function_of_a_dynamic_module_alone(in_fresh_process):
    module = dynamic(COUNTING, unused=sys._getframe())
    question = "obj(), obj(), obj.__module__"
    assert in_fresh_process(module.up, question) == (1, 2, "made_here")


def test_a_function_that_uses_a_dynamic_module(in_fresh_process):
    made = define(
        "def job(): return helpers.up(), helpers.count", helpers=dynamic(COUNTING)
    )
    assert in_fresh_process(made.job, "obj()") == (1, 1)


def test_a_dynamic_module_that_holds_itself(in_fresh_process):
    module = dynamic("items = []\ndef me(): return module")
    module.module = module
    module.items.append(module)
    assert (
        in_fresh_process(module, "obj.module is obj.items[0] is obj.me() is obj")
        is True
    )


def test_dynamic_modules_that_hold_each_other(in_fresh_process):
    left, right = dynamic("n = 1", "left"), dynamic("n = 2", "right")
    left.right, right.left = right, left
    assert in_fresh_process(left, "obj.right.left is obj, obj.right.n") == (True, 2)


def test_a_dynamic_module_twice(in_fresh_process):
    module = dynamic("n = 1")
    assert in_fresh_process([module, {"m": module}], "obj[0] is obj[1]['m']") is True


def test_builtins_of_a_dynamic_module_do_not_travel(in_fresh_process):
    module = dynamic("def f(): return len('abc')")
    assert "__builtins__" in vars(module)
    assert len(cppickle.dumps(module)) < 2000
    assert in_fresh_process(module, "obj.f()") == 3


def test_a_dynamic_module_called_like_an_importable_one(in_fresh_process):
    module = dynamic("n = 5", "json")
    question = "import json\nobj is json, obj.n, hasattr(json, 'n')"
    assert in_fresh_process(module, question) == (False, 5, False)


def test_an_empty_dynamic_module(in_fresh_process):
    question = "obj.__name__, obj.__doc__, obj.__spec__"
    assert in_fresh_process(types.ModuleType("empty"), question) == (
        "empty",
        None,
        None,
    )
