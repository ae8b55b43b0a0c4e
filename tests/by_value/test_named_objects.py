"""Objects that reduce to a name: where nobody can import it they travel by value."""

import builtins
import pickle
import sys
import types

import pytest
from support.processes import run_child
from support.senders import session
from support.source import define

import cppickle

MISSING = """
    class Missing:
        {}
        def __reduce__(self): return "MISSING"
        def __repr__(self): return "MISSING"
    MISSING = Missing()
    def f(x=MISSING): return "none" if x is MISSING else x
    class Job:
        missing = MISSING
        def run(self, x=MISSING): return x is MISSING is self.missing
    """


@pytest.fixture
def in_main(monkeypatch):
    """Define something in the main module."""

    def made(source):
        module = define(source)
        for name, value in module.globals.items():
            if not name.startswith("__"):
                monkeypatch.setattr(sys.modules["__main__"], name, value, raising=False)
        return module

    return made


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_sentinel_of_the_main_module(in_fresh_process, in_main, protocol):
    made = in_main(MISSING.format(""))
    question = "f, m, job = obj\nf(), f(m), f(3), repr(m), type(m).__name__, job.run()"
    sent = made.f, made.MISSING, made.Job()
    answer = in_fresh_process(sent, question, protocol=protocol)
    assert answer == ("none", "none", 3, "MISSING", "Missing", True)


FORMS = {
    "a dict": ("", "MISSING.note = [1]", "obj.note"),
    "slots": ("__slots__ = 'x', '__weakref__'", "MISSING.x = 5", "obj.x"),
    "a private slot": (
        "__slots__ = '__x', '__weakref__'",
        "MISSING._Missing__x = 5",
        "obj._Missing__x",
    ),
    "one instance": (
        "one = None\n        def __new__(cls):\n"
        "            cls.one = cls.one or super().__new__(cls)\n"
        "            return cls.one",
        "",
        "type(obj)() is obj",
    ),
    "an argument": (
        "def __new__(cls, name): return super().__new__(cls)",
        "",
        "type(obj).__name__",
    ),
    "a cycle": ("", "MISSING.me = [MISSING]", "obj.me[0] is obj"),
    "no hash": ("__hash__ = None\n        def __eq__(self, o): return True", "", "1"),
    "a frozen one": (
        "def __setattr__(self, name, value): raise AttributeError(name)",
        "vars(MISSING)['x'] = 5",
        "obj.x",
    ),
    "a forwarding one": (
        "def __getattr__(self, name): return getattr(self.inner, name)",
        "MISSING.inner = 'text'",
        "obj.upper()",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_it_consists_of(in_fresh_process, in_main, form):
    body, change, question = FORMS[form]
    source = MISSING.format(body)
    if form == "an argument":
        source = source.replace("= Missing()", "= Missing('x')")
    made = in_main(source)
    exec(change, made.globals)
    expected = eval(question, {"obj": made.MISSING})
    assert in_fresh_process(made.MISSING, question) == expected


@pytest.mark.parametrize("base", ["int", "str", "tuple", "float", "bytes", "frozenset"])
def test_one_of_a_builtin_type(in_fresh_process, in_main, base):
    source = f"""
        class Special({base}):
            def __reduce__(self): return "SPECIAL"
        value = {{'str': '7', 'tuple': (7,), 'bytes': b'7', 'frozenset': [7]}}
        SPECIAL = Special(value.get('{base}', 7))
        """
    made = in_main(source)
    if base in ("int", "tuple", "bytes"):  # they take no weak references
        with pytest.raises(pickle.PicklingError, match="takes no weak references"):
            cppickle.dumps(made.SPECIAL)
        return
    question = f"{base}(obj), type(obj).__name__, [obj][0] is obj"
    expected = vars(builtins)[base](made.SPECIAL)
    assert in_fresh_process(made.SPECIAL, question) == (expected, "Special", True)


def test_a_worker_has_it_once(bare_worker, in_main):
    made = in_main(MISSING.format(""))
    for name, value in [("f", made.f), ("m", made.MISSING), ("job", made.Job())]:
        bare_worker.load(cppickle.dumps(value), name)
    answer = bare_worker.ask("f(m), job.run(m), job.missing is m, type(m) is type(m)")
    assert answer == ("none", True, True, True)


def test_it_comes_home(in_main, roundtrip):
    made = in_main(MISSING.format(""))
    made.MISSING.note = 1
    stream = cppickle.dumps([made.MISSING, made.f])
    made.MISSING.note = 2
    missing, f = pickle.loads(stream)
    assert missing is made.MISSING
    assert (missing.note, f()) == (2, "none")


def test_a_worker_that_lives_on_gets_what_it_holds_now(on_one_worker):
    source = """
        class Missing:
            def __reduce__(self): return "MISSING"
        MISSING = Missing()
        MISSING.note, MISSING.more = 1, 2
        kept = []
        """
    story = session(
        source,
        "MISSING.note = 5\ndel MISSING.more",
        "",
        send="MISSING",
        ask="vars(obj)",
    )
    first = {"note": 1, "more": 2}
    assert on_one_worker(story) == [first, {"note": 5}, {"note": 5}]


def test_equal_streams(in_main):
    made = in_main(MISSING.format(""))
    made.MISSING.note = {"a", "b", "c"}
    for obj in (made.MISSING, made.f, made.Job):
        assert len({cppickle.dumps(obj) for _ in range(4)}) == 1


def test_a_registered_module(tmp_path, monkeypatch, in_fresh_process):
    (tmp_path / "named_module.py").write_text(
        "class Missing:\n    def __reduce__(self): return 'MISSING'\n"
        "MISSING = Missing()\ndef f(x=MISSING): return x is MISSING\n"
        "import types\nMADE_IN_C = types.SimpleNamespace(__module__='named_module')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import named_module

    by_name = pickle.dumps(named_module.MISSING, 4)
    assert cppickle.dumps(named_module.MISSING, 4) == by_name
    cppickle.register_pickle_by_value(named_module)
    try:
        stream = cppickle.dumps([named_module.f, named_module.MISSING])
        table = cppickle.Pickler.dispatch
        monkeypatch.setitem(table, types.SimpleNamespace, lambda thing: "MADE_IN_C")
        assert b"MADE_IN_C" in cppickle.dumps(named_module.MADE_IN_C)
    finally:
        cppickle.unregister_pickle_by_value(named_module)
        del sys.modules["named_module"]
    answer = run_child(
        f"import pickle\nf, m = pickle.loads({stream!r})\nprint(f(), f(m), f(1))"
    )
    assert answer.split() == ["True", "True", "False"]


def test_one_that_nobody_can_make_is_refused_with_its_path(in_main):
    source = """
        class Missing:
            __slots__ = ()
            def __reduce__(self): return "MISSING"
        MISSING = Missing()
        def f(x=[MISSING]): pass
        """
    made = in_main(source)
    with pytest.raises(pickle.PicklingError, match="weak references") as caught:
        cppickle.dumps(made.f)
    assert caught.value.cppickle_path == "f.__defaults__[0][0]"


def test_one_made_in_c_is_refused(in_main, monkeypatch):
    made = in_main("def f(): return THING")
    made.globals["THING"] = thing = types.SimpleNamespace(__module__="__main__")
    monkeypatch.setattr(sys.modules["__main__"], "THING", thing, raising=False)
    table = cppickle.Pickler.dispatch
    monkeypatch.setitem(table, types.SimpleNamespace, lambda thing: "THING")
    with pytest.raises(pickle.PicklingError, match="is implemented in C") as caught:
        cppickle.dumps([made.f])
    assert caught.value.cppickle_path == "list[0].__globals__['THING']"


def test_one_that_the_name_does_not_lead_to_is_refused(in_main, monkeypatch):
    made = in_main(MISSING.format(""))
    with pytest.raises(pickle.PicklingError, match="not the same object"):
        cppickle.dumps(made.Missing())
    monkeypatch.delattr(sys.modules["__main__"], "MISSING")
    with pytest.raises(pickle.PicklingError, match="not found"):
        cppickle.dumps(made.Missing())


def test_a_class_that_a_hook_names_goes_by_name(in_main, monkeypatch):
    made = in_main("class Meta(type): pass\nclass Named(metaclass=Meta): pass")
    monkeypatch.setitem(cppickle.Pickler.dispatch, made.Meta, lambda cls: cls.__name__)
    assert cppickle.dumps(made.Named, 4) == pickle.dumps(made.Named, 4)
