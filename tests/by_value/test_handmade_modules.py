"""Modules made by hand and put into sys.modules: no other process has them."""

import _struct
import sys
import textwrap
import types

import pytest
from support.source import define

import cppickle

HELPERS = """
    import contextvars, random
    count = 0
    def up():
        global count
        count += 1
        return count
    class Counter:
        def get(self): return up()
    class Missing:
        def __reduce__(self): return "MISSING"
    MISSING = Missing()
    draw = random.Random(7).random
    LEVEL = contextvars.ContextVar("LEVEL")
    """


@pytest.fixture
def helpers(monkeypatch):
    return make_module(monkeypatch, "helpers_made_here")


def make_module(monkeypatch, name, **attributes):
    module = types.ModuleType(name)
    vars(module).update(attributes)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(textwrap.dedent(HELPERS), "<made>", "exec"), vars(module))
    return module


SENT = {
    "a function": ("helpers.up", "obj(), obj(), obj.__module__", (1, 2)),
    "a class": ("helpers.Counter", "obj().get(), obj().get(), obj.__module__", (1, 2)),
    "an instance": (
        "helpers.Counter()",
        "obj.get(), obj.get(), type(obj).__module__",
        (1, 2),
    ),
    "the module": ("helpers", "obj.up(), obj.Counter().get(), obj.__name__", (1, 2)),
    "a named object": (
        "helpers.MISSING, helpers.Missing, helpers.MISSING",
        "obj[0] is obj[2], type(obj[0]) is obj[1], obj[1].__module__",
        (True, True),
    ),
}


@pytest.mark.parametrize("what", SENT)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_what_it_defines_arrives(in_fresh_process, helpers, what, protocol):
    expression, question, answer = SENT[what]
    del helpers.LEVEL
    sent = eval(expression, {"helpers": helpers})
    arrived = in_fresh_process(sent, question, protocol=protocol)
    assert arrived == (*answer, "helpers_made_here")


def test_code_of_main_uses_it(in_fresh_process, helpers):
    del helpers.LEVEL
    made = define("def job(): return helpers.up(), helpers.up()", helpers=helpers)
    assert in_fresh_process(made.job, "obj()") == (1, 2)


def test_functions_share_their_module(in_fresh_process, helpers):
    sent = [helpers.up, helpers.Counter]
    assert in_fresh_process(sent, "obj[0](), obj[1]().get()") == (1, 2)


def test_repeated_dumps_see_changes(in_fresh_process, helpers):
    for count in (0, 0, 0, 5, 5, 5):
        helpers.count = count
        assert in_fresh_process(helpers.up, "obj()") == count + 1


def test_its_method_is_not_named_after_it(in_fresh_process, helpers):
    expected = helpers.draw.__self__.getstate()
    arrived = in_fresh_process(helpers.draw, "obj.__self__.getstate()")
    assert arrived == expected


def test_what_cannot_be_pickled_is_said_at_the_dump(helpers):
    with pytest.raises(TypeError, match=r"(?s)ContextVar.*LEVEL"):
        cppickle.dumps([helpers])


def test_a_file_makes_it_no_import(in_fresh_process, monkeypatch):
    """What runpy.run_path() leaves: a file, and nothing that could load it."""
    module = make_module(monkeypatch, "<run_path>", __file__="job.py")
    assert in_fresh_process(module.up, "obj(), obj()") == (1, 2)


def test_a_module_below_it(in_fresh_process, monkeypatch):
    make_module(monkeypatch, "handmade_top", __path__=[])
    below = make_module(monkeypatch, "handmade_top.below")
    assert in_fresh_process(below.up, "obj(), obj()") == (1, 2)


IMPORTABLE = {
    "below an imported package": ("json.made_here", {}),
    "with a spec": ("has_spec", {"__spec__": object()}),
    "with a loader": ("has_loader", {"__loader__": object()}),
}


@pytest.mark.parametrize("what", IMPORTABLE)
def test_what_an_import_may_find_goes_by_reference(monkeypatch, roundtrip, what):
    name, attributes = IMPORTABLE[what]
    module = make_module(monkeypatch, name, **attributes)
    for sent in (module.up, module.Counter, module.MISSING):
        assert roundtrip(sent) is sent


def test_a_class_made_in_c_goes_by_its_name(monkeypatch, roundtrip):
    """Cython's types are of such a module, and have no other way to travel."""
    by_hand = types.ModuleType("_struct")
    by_hand.Struct = _struct.Struct
    monkeypatch.setitem(sys.modules, "_struct", by_hand)
    assert roundtrip(_struct.Struct) is _struct.Struct
