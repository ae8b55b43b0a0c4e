"""An error names the object by its path from the root, in the words of Python code."""

import collections
import dataclasses
import functools
import pickle
import threading
import types
import typing

import pytest
from support.source import define

import cppickle

# In a list: what a module holds itself goes by reference.
HELD = [
    threading.Lock(),
    (i for i in ()),  # a lock is refused otherwise at protocols 0 and 1
]


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


# Evaluated with the root under the name that the path begins with.
DATA = {
    "list[0]": [HELD[0]],
    "list[2]": [1, 2, HELD[0]],
    "list[1500]": [*range(1500), HELD[0]],
    "tuple[1]": (1, HELD[0]),
    "tuple[0][1]": ((1, HELD[0], 2, 3, 4),),
    "dict['k']": {"a": 1, "k": HELD[0]},
    "list[3]['k']": [0, 1, 2, {"k": HELD[0]}],
    "list[3]['k'].attr": [0, 1, 2, {"k": Holder(attr=HELD[0])}],
    "dict[5]": {5: HELD[0]},
    "dict[(1, 'a')]": {(1, "a"): HELD[0]},
    "dict[None]": {**{n: n for n in range(1500)}, None: HELD[0]},
    "Holder.attr": Holder(a=1, attr=HELD[0]),
    "Holder.a.b.c": Holder(a=Holder(b=Holder(c=HELD[0]))),
    "Slotted.name.held": with_setattr(Slotted(1), name=Slotted(HELD[0])),
    "Slotted.held": Slotted(HELD[0]),
    "SlottedWithDict.extra": with_setattr(SlottedWithDict(1), extra=HELD[0]),
    "SimpleNamespace.x": types.SimpleNamespace(y=1, x=HELD[0]),
    "OrderedDict['o']": collections.OrderedDict(a=1, o=HELD[0]),
    "defaultdict['d']": collections.defaultdict(list, d=HELD[0]),
}


@pytest.mark.parametrize("expected", DATA)
def test_data(expected):
    root, found = evaluated(DATA[expected])
    assert root == expected
    assert found is HELD[0]


def test_the_root_by_itself_has_its_type_s_name():
    assert path(HELD[0]) == "lock"


def evaluated(obj, **options):
    """The path of a failure, and what stands there."""
    found = failure(obj, **options).cppickle_path
    method = isinstance(obj, (types.MethodType, types.BuiltinMethodType))
    name = (obj if method else type(obj)).__qualname__
    assert found.removeprefix("list(").startswith(name)
    return found, eval(found.replace(name, "root", 1), {"root": obj, "list": list})


class Reduced:
    """Its reduce value holds its attributes, in an order of its own."""

    def __init__(self, first, second=None):
        self.first, self.second = first, second

    def __reduce__(self):
        return Reduced, (1, (self.second, self.first))


class SlottedReduced:
    __slots__ = ("held",)

    def __init__(self, held):
        self.held = held

    def __reduce__(self):
        return SlottedReduced, (self.held,)


class WithState:
    def __init__(self, state):
        self.state = state

    def __getstate__(self):
        return self.state


class Point(typing.NamedTuple):
    x: int
    y: object


class AppError(Exception):
    def __init__(self, code, held):
        super().__init__(code, held)


def derived(base, *arguments):
    """Of a class that derives from a builtin one."""
    return type("Derived", (base,), {"__module__": __name__})(*arguments)


class Locked:
    def __init__(self):
        self.lock = HELD[0]

    def run(self):
        pass


ANSWERS = {
    "partial.args[1]": functools.partial(print, 1, HELD[0]),
    "partial.keywords['file']": functools.partial(print, file=HELD[0]),
    "partial.func.__self__.lock": functools.partial(Locked().run, 1),
    "Locked.run.__self__.lock": Locked().run,
    "list.append.__self__[1]": [1, HELD[0]].append,
    "dict.get.__self__['k']": {"k": HELD[0]}.get,
    "Reduced.first": Reduced(HELD[0]),
    "Reduced.second['k']": Reduced(1, {"k": HELD[0]}),
    "SlottedReduced.held": SlottedReduced(HELD[0]),
    "WithState.state": WithState(HELD[0]),
    "WithState.state[0]": WithState([HELD[0]]),
    "WithState.state[1]": WithState((1, HELD[0])),
    "WithState.state[1]['slot']": WithState((None, {"slot": HELD[0]})),
    "Point.y": Point(1, HELD[0]),
    "Derived[1]": derived(tuple, (1, HELD[0])),
    "Derived['k']": derived(dict, {"k": HELD[0]}),
    "ValueError.args[1][0]": ValueError(1, [HELD[0]]),
    "AppError.args[1]": AppError(1, HELD[0]),
    "Counter['k']": collections.Counter(k=HELD[0]),
    "deque[1]": collections.deque([1, HELD[0]]),
    "UserDict.data['k']": collections.UserDict(k=HELD[0]),
    "UserList.data[0]": collections.UserList([HELD[0]]),
    "ChainMap.maps[1]['k']": collections.ChainMap({}, {"k": HELD[0]}),
    "slice.start": slice(HELD[0], 1),
    "GenericAlias.__args__[0]": types.GenericAlias(list, (HELD[0],)),
    "cell.cell_contents": types.CellType(HELD[0]),
    "mappingproxy['k']": types.MappingProxyType({"k": HELD[0]}),
    "property.fget.__self__.lock": property(Locked().run),
    "staticmethod.__func__.__self__.lock": staticmethod(Locked().run),
    "partialmethod.args[0]": functools.partialmethod(print, HELD[0]),
    "partialmethod.keywords['k']": functools.partialmethod(print, k=HELD[0]),
    "cached_property.func.__self__.lock": functools.cached_property(Locked().run),
    "Field.default": dataclasses.field(default=HELD[0]),
}


@pytest.mark.parametrize("expected", ANSWERS)
def test_what_an_object_holds_has_its_name_there(expected):
    """Not where its reduce value has it."""
    root, found = evaluated(ANSWERS[expected])
    assert root == expected
    assert found is HELD[0]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "obj",
    [
        Reduced(HELD[1]),
        functools.partial(print, HELD[1]),
        [HELD[1]].append,
        ValueError(HELD[1]),
        Holder(held=HELD[1]),
    ],
    ids=lambda obj: type(obj).__name__,
)
def test_a_path_is_an_expression_at_every_protocol(obj, protocol):
    path, found = evaluated([obj], protocol=protocol)
    assert found is HELD[1]
    assert "__reduce__" not in path


def test_an_element_of_a_set_that_derives():
    assert path(derived(set, [HELD[0]])) == "list(Derived)[0]"


class Computed:
    """Getters that run code of the user's are not asked."""

    __slots__ = ("held",)
    asked = 0

    @property
    def made(self):
        type(self).asked += 1
        return self.held

    def __getattr__(self, name):
        type(self).asked += 1
        raise AttributeError(name)

    def __reduce__(self):
        return Computed, (HELD[0],)


def test_attributes_are_found_without_running_code():
    before = Computed.asked
    assert path(Computed()) == "Computed.__reduce__()[1][0]"
    assert Computed.asked - before == asked_by_pickling(Computed())


def asked_by_pickling(obj):
    before = Computed.asked
    with pytest.raises(TypeError):
        pickle.dumps(obj)
    return Computed.asked - before


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
    assert path(define(FUNCTIONS[expected], lock=HELD[0]).obj) == expected


def test_annotations():
    job = define("def f(): pass").f
    job.__annotations__ = {"x": HELD[0]}
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
    assert path(define(CLASSES[expected], lock=HELD[0]).obj) == expected


def test_what_an_instance_s_class_holds():
    made = define("class Cls:\n  attr = lock", lock=HELD[0])
    assert path(made.Cls()).endswith(".attr")
    assert path([made.Cls()]).startswith("list[0]")


def test_a_base_class():
    made = define("class Base:\n  attr = lock\nclass Cls(Base): pass", lock=HELD[0])
    assert path(made.Cls).startswith("Cls.")
    assert path(made.Cls).endswith(".attr")


def test_a_bound_method():
    made = define("class Cls:\n  def job(self): pass\nc = Cls()")
    made.c.lock = HELD[0]
    assert path(made.c.job).endswith(".__self__.lock")


def test_a_dynamic_module():
    module = types.ModuleType("made_here")
    module.lock = HELD[0]
    assert path(module) == "made_here.lock"
    assert path([module]) == "list[0].lock"


class ReducesTo:
    def __init__(self, *arguments, state=None):
        self.answer = lambda: (Holder, arguments, state)

    def __reduce__(self):
        return self.answer()


def test_arguments_of_a_reduce_value():
    assert path(ReducesTo(HELD[0])) == "ReducesTo.__reduce__()[1][0]"
    assert path(ReducesTo(1, {"k": HELD[0]})) == "ReducesTo.__reduce__()[1][1]['k']"
    assert path([ReducesTo(1, HELD[0])]) == "list[0].__reduce__()[1][1]"


def test_state_of_a_reduce_value():
    assert path(ReducesTo(state={"attr": HELD[0]})) == "ReducesTo.attr"
    assert path(ReducesTo(state=(None, {"slot": HELD[0]}))) == "ReducesTo.slot"


def test_state_of_getstate():
    class Copied(WithState):
        def __getstate__(self):
            return dict(self.state)

    class Listed(WithState):
        def __getstate__(self):
            return [1, *self.state]

    class Replaced(WithState):
        def __getstate__(self):
            return threading.Lock()

    assert path([Copied({"attr": HELD[0]})]) == "list[0].attr"
    assert path([Copied({"no name": HELD[0]})]) == "list[0].__dict__['no name']"
    assert path([Listed({HELD[0]})]) == "list[0].__getstate__()[1]"
    assert path([Replaced(1)]) == "list[0].__getstate__()"


def test_keys_and_elements_have_a_path_too():
    assert path({1: 1, HELD[0]: 1}) == "list(dict)[1]"
    assert path([{HELD[0]: 1}]) == "list(list[0])[0]"
    assert path([{HELD[0]}]) == "list(list[0])[0]"
    assert path({"k": frozenset([HELD[0]])}) == "list(dict['k'])[0]"


def test_a_shared_object_is_named_where_it_was_met_first():
    shared = [HELD[0]]
    assert path({"first": shared, "second": shared}) == "dict['first'][0]"


def test_a_path_through_a_cycle_is_finite():
    loop = []
    loop.append([loop, {"k": loop}, Holder(up=loop, lock=HELD[0])])
    assert path(loop) == "list[0][2].lock"


def test_a_very_long_path_is_told_all_the_same():
    deep = HELD[0]
    for _ in range(100_000):
        deep = [deep]
    found = path(deep)
    assert found.startswith("list[0][0]")
    assert found.endswith("[0]")


def test_a_key_whose_repr_is_long_or_fails():
    class Rude:
        def __repr__(self):
            raise ZeroDivisionError

    assert "x" * 20 in path({"x" * 5000: HELD[0]})
    assert type(failure({Rude(): HELD[0]})) is TypeError
    assert path({Rude(): HELD[0]}).startswith("dict[")
