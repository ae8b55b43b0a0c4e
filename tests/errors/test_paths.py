"""An error names the object by its path from the root, in the words of Python code."""

import collections
import threading
import types

import pytest
from support.source import define

import cppickle

# Not under a name of the module: that would go by reference.
OWN = types.SimpleNamespace(lock=threading.Lock())


class Holder:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Slotted:
    __slots__ = ("name", "held")

    def __init__(self, held):
        self.name, self.held = "n", held


class SlottedWithDict(Slotted):
    pass


def failure(obj, **options):
    """The exception that dumping `obj` raises."""
    with pytest.raises(Exception) as caught:
        cppickle.dumps(obj, **options)
    return caught.value


def path(obj):
    return failure(obj).cppickle_path


def with_setattr(obj, **attributes):
    for name, value in attributes.items():
        setattr(obj, name, value)
    return obj


DATA = {
    "obj": OWN.lock,
    "obj[0]": [OWN.lock],
    "obj[2]": [1, 2, OWN.lock],
    "obj[1500]": [*range(1500), OWN.lock],
    "obj[1]": (1, OWN.lock),
    "obj[0][1]": ((1, OWN.lock, 2, 3, 4),),
    "obj['k']": {"a": 1, "k": OWN.lock},
    "obj[3]['k']": [0, 1, 2, {"k": OWN.lock}],
    "obj[3]['k'].attr": [0, 1, 2, {"k": Holder(attr=OWN.lock)}],
    "obj[5]": {5: OWN.lock},
    "obj[(1, 'a')]": {(1, "a"): OWN.lock},
    "obj[None]": {**{n: n for n in range(1500)}, None: OWN.lock},
    "obj.attr": Holder(a=1, attr=OWN.lock),
    "obj.a.b.c": Holder(a=Holder(b=Holder(c=OWN.lock))),
    "obj.name.held": with_setattr(Slotted(1), name=Slotted(OWN.lock)),
    "obj.held": Slotted(OWN.lock),
    "obj.extra": with_setattr(SlottedWithDict(1), extra=OWN.lock),
    "obj.x": types.SimpleNamespace(y=1, x=OWN.lock),
    "obj['o']": collections.OrderedDict(a=1, o=OWN.lock),
    "obj['d']": collections.defaultdict(list, d=OWN.lock),
}


@pytest.mark.parametrize("expected", DATA)
def test_data(expected):
    assert path(DATA[expected]) == expected
    assert eval(expected, {"obj": DATA[expected]}) is OWN.lock


FUNCTIONS = {
    "job.__closure__['x']": "def make(x):\n  def job(): return x\n  return job\n"
    "obj = make(lock)\nobj.__qualname__ = 'job'",
    "make.<locals>.job.__closure__['cfg']['db']._lock": """
        class DB: pass
        def make(cfg):
            def job(): return cfg
            return job
        obj = make({"db": DB()})
        obj.__closure__[0].cell_contents["db"]._lock = lock
        """,
    "train.__globals__['client'].session._lock": """
        class Client: pass
        client = Client()
        client.session = Client()
        client.session._lock = lock
        def train(): return client
        obj = train
        """,
    "outer.__globals__['inner'].__globals__['lock']": """
        def inner(): return lock
        def outer(): return inner
        obj = outer
        """,
    "f.__defaults__[0]": "def f(x=lock): pass\nobj = f",
    "f.__defaults__[1]['k']": "def f(x=1, y={'k': lock}): pass\nobj = f",
    "f.__kwdefaults__['x']": "def f(*, a=1, x=lock): pass\nobj = f",
    "f.attr": "def f(): pass\nf.attr = lock\nobj = f",
    "<lambda>.__globals__['lock']": "obj = lambda: lock",
    "Cls.method.__globals__['lock']": "class Cls:\n  def method(self): return lock\n"
    "obj = Cls.method",
}


@pytest.mark.parametrize("expected", FUNCTIONS)
def test_functions(expected):
    assert path(define(FUNCTIONS[expected], lock=OWN.lock).obj) == expected


def test_annotations():
    job = define("def f(): pass").f
    job.__annotations__ = {"x": OWN.lock}
    assert path(job) == "f.__annotations__['x']"


CLASSES = {
    "Cls.attr": "class Cls:\n  attr = lock\nobj = Cls",
    "Cls.table['k']": "class Cls:\n  table = {'k': lock}\nobj = Cls",
    "Cls.method.__globals__['lock']": "class Cls:\n  def method(self): return lock\n"
    "obj = Cls",
    "Outer.Inner.attr": "class Outer:\n  class Inner:\n    attr = lock\n"
    "obj = Outer.Inner",
    "Cls.method.__defaults__[0]": "class Cls:\n  def method(self, x=lock): pass\n"
    "obj = Cls",
}


@pytest.mark.parametrize("expected", CLASSES)
def test_classes(expected):
    assert path(define(CLASSES[expected], lock=OWN.lock).obj) == expected


def test_what_an_instance_s_class_holds():
    made = define("class Cls:\n  attr = lock", lock=OWN.lock)
    assert path(made.Cls()).endswith(".attr")
    assert path([made.Cls()]).startswith("obj[0]")


def test_a_base_class():
    made = define("class Base:\n  attr = lock\nclass Cls(Base): pass", lock=OWN.lock)
    assert path(made.Cls).startswith("Cls.")
    assert path(made.Cls).endswith(".attr")


def test_a_bound_method():
    made = define("class Cls:\n  def job(self): pass\nc = Cls()")
    made.c.lock = OWN.lock
    assert path(made.c.job).endswith(".__self__.lock")


def test_a_dynamic_module():
    module = types.ModuleType("made_here")
    module.lock = OWN.lock
    assert path(module) == "made_here.lock"
    assert path([module]) == "obj[0].lock"


class ReducesTo:
    def __init__(self, *arguments, state=None):
        self.value = (Holder, arguments, state)

    def __reduce__(self):
        return self.value


def test_arguments_of_a_reduce_value():
    assert path(ReducesTo(OWN.lock)) == "obj.__reduce__()[1][0]"
    assert path(ReducesTo(1, {"k": OWN.lock})) == "obj.__reduce__()[1][1]['k']"
    assert path([ReducesTo(1, OWN.lock)]) == "obj[0].__reduce__()[1][1]"


def test_state_of_a_reduce_value():
    assert path(ReducesTo(state={"attr": OWN.lock})) == "obj.attr"
    assert path(ReducesTo(state=(None, {"slot": OWN.lock}))) == "obj.slot"


class WithState:
    def __init__(self, state):
        self.state = state

    def __getstate__(self):
        return self.state


def test_state_of_getstate():
    assert path(WithState({"attr": OWN.lock})) == "obj.attr"
    assert path(WithState([OWN.lock])).startswith("obj")


def test_keys_and_elements_have_a_path_too():
    assert path({1: 1, OWN.lock: 1}) == "list(obj)[1]"
    assert path([{OWN.lock: 1}]) == "list(obj[0])[0]"
    assert path([{OWN.lock}]) == "list(obj[0])[0]"
    assert path({"k": frozenset([OWN.lock])}) == "list(obj['k'])[0]"


def test_a_shared_object_is_named_where_it_was_met_first():
    shared = [OWN.lock]
    assert path({"first": shared, "second": shared}) == "obj['first'][0]"


def test_a_path_through_a_cycle_is_finite():
    loop = []
    loop.append([loop, {"k": loop}, Holder(up=loop, lock=OWN.lock)])
    assert path(loop) == "obj[0][2].lock"


def test_a_very_long_path_is_told_all_the_same():
    deep = OWN.lock
    for _ in range(100_000):
        deep = [deep]
    found = path(deep)
    assert found.startswith("obj[0][0]")
    assert found.endswith("[0]")


def test_a_key_whose_repr_is_long_or_fails():
    class Rude:
        def __repr__(self):
            raise ZeroDivisionError

    assert "x" * 20 in path({"x" * 5000: OWN.lock})
    assert type(failure({Rude(): OWN.lock})) is TypeError
    assert path({Rude(): OWN.lock}).startswith("obj[")
