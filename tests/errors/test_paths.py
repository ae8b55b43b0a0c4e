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

LOCK = threading.Lock()


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
    "list[0]": [LOCK],
    "list[2]": [1, 2, LOCK],
    "list[1500]": [*range(1500), LOCK],
    "tuple[1]": (1, LOCK),
    "tuple[0][1]": ((1, LOCK, 2, 3, 4),),
    "dict['k']": {"a": 1, "k": LOCK},
    "list[3]['k']": [0, 1, 2, {"k": LOCK}],
    "list[3]['k'].attr": [0, 1, 2, {"k": Holder(attr=LOCK)}],
    "dict[5]": {5: LOCK},
    "dict[(1, 'a')]": {(1, "a"): LOCK},
    "dict[None]": {**{n: n for n in range(1500)}, None: LOCK},
    "Holder.attr": Holder(a=1, attr=LOCK),
    "Holder.a.b.c": Holder(a=Holder(b=Holder(c=LOCK))),
    "Slotted.name.held": with_setattr(Slotted(1), name=Slotted(LOCK)),
    "Slotted.held": Slotted(LOCK),
    "SlottedWithDict.extra": with_setattr(SlottedWithDict(1), extra=LOCK),
    "SimpleNamespace.x": types.SimpleNamespace(y=1, x=LOCK),
    "OrderedDict['o']": collections.OrderedDict(a=1, o=LOCK),
    "defaultdict['d']": collections.defaultdict(list, d=LOCK),
}


@pytest.mark.parametrize("expected", DATA)
def test_data(expected):
    root, found = evaluated(DATA[expected])
    assert root == expected
    assert found is LOCK


def test_the_root_by_itself_has_its_type_s_name():
    assert path(LOCK) == "lock"


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
        self.lock = LOCK

    def run(self):
        pass


ANSWERS = {
    "partial.args[1]": functools.partial(print, 1, LOCK),
    "partial.keywords['file']": functools.partial(print, file=LOCK),
    "partial.func.__self__.lock": functools.partial(Locked().run, 1),
    "Locked.run.__self__.lock": Locked().run,
    "list.append.__self__[1]": [1, LOCK].append,
    "dict.get.__self__['k']": {"k": LOCK}.get,
    "Reduced.first": Reduced(LOCK),
    "Reduced.second['k']": Reduced(1, {"k": LOCK}),
    "SlottedReduced.held": SlottedReduced(LOCK),
    "WithState.state": WithState(LOCK),
    "WithState.state[0]": WithState([LOCK]),
    "WithState.state[1]": WithState((1, LOCK)),
    "WithState.state[1]['slot']": WithState((None, {"slot": LOCK})),
    "Point.y": Point(1, LOCK),
    "Derived[1]": derived(tuple, (1, LOCK)),
    "Derived['k']": derived(dict, {"k": LOCK}),
    "ValueError.args[1][0]": ValueError(1, [LOCK]),
    "AppError.args[1]": AppError(1, LOCK),
    "Counter['k']": collections.Counter(k=LOCK),
    "deque[1]": collections.deque([1, LOCK]),
    "UserDict.data['k']": collections.UserDict(k=LOCK),
    "UserList.data[0]": collections.UserList([LOCK]),
    "ChainMap.maps[1]['k']": collections.ChainMap({}, {"k": LOCK}),
    "slice.start": slice(LOCK, 1),
    "GenericAlias.__args__[0]": types.GenericAlias(list, (LOCK,)),
    "cell.cell_contents": types.CellType(LOCK),
    "mappingproxy['k']": types.MappingProxyType({"k": LOCK}),
    "property.fget.__self__.lock": property(Locked().run),
    "staticmethod.__func__.__self__.lock": staticmethod(Locked().run),
    "partialmethod.args[0]": functools.partialmethod(print, LOCK),
    "partialmethod.keywords['k']": functools.partialmethod(print, k=LOCK),
    "cached_property.func.__self__.lock": functools.cached_property(Locked().run),
    "Field.default": dataclasses.field(default=LOCK),
}


@pytest.mark.parametrize("expected", ANSWERS)
def test_what_an_object_holds_has_its_name_there(expected):
    """Not where its reduce value has it."""
    root, found = evaluated(ANSWERS[expected])
    assert root == expected
    assert found is LOCK


GENERATOR = (i for i in ())  # a lock is refused otherwise at protocols 0 and 1


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "obj",
    [
        Reduced(GENERATOR),
        functools.partial(print, GENERATOR),
        [GENERATOR].append,
        ValueError(GENERATOR),
        Holder(held=GENERATOR),
    ],
    ids=lambda obj: type(obj).__name__,
)
def test_a_path_is_an_expression_at_every_protocol(obj, protocol):
    path, found = evaluated([obj], protocol=protocol)
    assert found is GENERATOR
    assert "__reduce__" not in path


def test_an_element_of_a_set_that_derives():
    assert path(derived(set, [LOCK])) == "list(Derived)[0]"


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
        return Computed, (LOCK,)


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
    assert path(define(FUNCTIONS[expected], lock=LOCK).obj) == expected


def test_annotations():
    job = define("def f(): pass").f
    job.__annotations__ = {"x": LOCK}
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
    assert path(define(CLASSES[expected], lock=LOCK).obj) == expected


def test_what_an_instance_s_class_holds():
    made = define("class Cls:\n  attr = lock", lock=LOCK)
    assert path(made.Cls()).endswith(".attr")
    assert path([made.Cls()]).startswith("list[0]")


def test_a_base_class():
    made = define("class Base:\n  attr = lock\nclass Cls(Base): pass", lock=LOCK)
    assert path(made.Cls).startswith("Cls.")
    assert path(made.Cls).endswith(".attr")


def test_a_bound_method():
    made = define("class Cls:\n  def job(self): pass\nc = Cls()")
    made.c.lock = LOCK
    assert path(made.c.job).endswith(".__self__.lock")


def test_a_dynamic_module():
    module = types.ModuleType("made_here")
    module.lock = LOCK
    assert path(module) == "made_here.lock"
    assert path([module]) == "list[0].lock"


class ReducesTo:
    def __init__(self, *arguments, state=None):
        self.answer = lambda: (Holder, arguments, state)

    def __reduce__(self):
        return self.answer()


def test_arguments_of_a_reduce_value():
    assert path(ReducesTo(LOCK)) == "ReducesTo.__reduce__()[1][0]"
    assert path(ReducesTo(1, {"k": LOCK})) == "ReducesTo.__reduce__()[1][1]['k']"
    assert path([ReducesTo(1, LOCK)]) == "list[0].__reduce__()[1][1]"


def test_state_of_a_reduce_value():
    assert path(ReducesTo(state={"attr": LOCK})) == "ReducesTo.attr"
    assert path(ReducesTo(state=(None, {"slot": LOCK}))) == "ReducesTo.slot"


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

    assert path([Copied({"attr": LOCK})]) == "list[0].attr"
    assert path([Copied({"no name": LOCK})]) == "list[0].__dict__['no name']"
    assert path([Listed({LOCK})]) == "list[0].__getstate__()[1]"
    assert path([Replaced(1)]) == "list[0].__getstate__()"


def test_keys_and_elements_have_a_path_too():
    assert path({1: 1, LOCK: 1}) == "list(dict)[1]"
    assert path([{LOCK: 1}]) == "list(list[0])[0]"
    assert path([{LOCK}]) == "list(list[0])[0]"
    assert path({"k": frozenset([LOCK])}) == "list(dict['k'])[0]"


def test_a_shared_object_is_named_where_it_was_met_first():
    shared = [LOCK]
    assert path({"first": shared, "second": shared}) == "dict['first'][0]"


def test_a_path_through_a_cycle_is_finite():
    loop = []
    loop.append([loop, {"k": loop}, Holder(up=loop, lock=LOCK)])
    assert path(loop) == "list[0][2].lock"


def test_a_very_long_path_is_told_all_the_same():
    deep = LOCK
    for _ in range(100_000):
        deep = [deep]
    found = path(deep)
    assert found.startswith("list[0][0]")
    assert found.endswith("[0]")


def test_a_key_whose_repr_is_long_or_fails():
    class Rude:
        def __repr__(self):
            raise ZeroDivisionError

    assert "x" * 20 in path({"x" * 5000: LOCK})
    assert type(failure({Rude(): LOCK})) is TypeError
    assert path({Rude(): LOCK}).startswith("dict[")
