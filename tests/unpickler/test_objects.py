"""What a stream names, makes and sets, where an easy way would be wrong."""

import builtins
import importlib.util
import io
import pickle
import re
import sys
import types
import zipimport

import pytest

import cppickle

MODULE = "of_the_unpicklers_tests"


@pytest.fixture
def module():
    made = types.ModuleType(MODULE)
    sys.modules[MODULE] = made
    yield made
    del sys.modules[MODULE]


def outcome(loads, stream):
    try:
        return loads(stream)
    except Exception as error:
        return type(error), str(error)


def named(name):
    return f"c{MODULE}\n{name}\n.".encode()


@pytest.mark.parametrize(
    "name", ["__class__", "__dict__", "__doc__", "__annotations__", "__name__", "x"]
)
def test_names_in_modules_are_attributes(module, name):
    vars(module).update({name: "in its dict"})
    assert cppickle.loads(named(name)) == pickle.loads(named(name))


def test_a_module_answers_for_itself(module):
    module.__getattr__ = lambda name: f"got {name}"
    assert cppickle.loads(named("missing")) == "got missing"
    del module.__getattr__
    assert outcome(cppickle.loads, named("x")) == outcome(pickle.loads, named("x"))

    class Other(types.ModuleType):
        x = property(lambda self: "from the class")

    module.__class__ = Other
    module.__dict__["x"] = "from the dict"
    assert cppickle.loads(named("x")) == "from the class"


def test_a_module_that_is_replaced_or_gone(module):
    module.x = 1
    assert cppickle.loads(named("x")) == 1
    module.x = 2
    assert cppickle.loads(named("x")) == 2
    sys.modules[MODULE] = types.SimpleNamespace(x=3)
    assert cppickle.loads(named("x")) == 3
    sys.modules[MODULE] = None
    with pytest.raises(ModuleNotFoundError):
        cppickle.loads(named("x"))


def test_import_is_asked_when_it_is_replaced(module, monkeypatch):
    asked = []
    real = builtins.__import__

    def replaced(name, *arguments, **keywords):
        asked.append(name)
        return real(name, *arguments, **keywords)

    module.x = 1
    monkeypatch.setattr(builtins, "__import__", replaced)
    assert cppickle.loads(named("x")) == 1
    assert MODULE in asked


@pytest.mark.skipif(sys.version_info < (3, 15), reason="no lazy imports")
def test_a_lazy_import_is_resolved(module):
    exec("lazy import colorsys as lazy", vars(module))
    assert cppickle.loads(named("lazy")) is sys.modules["colorsys"]


def test_a_list_that_is_being_sorted():
    items = [3, 1, 2]
    stream = b"h\x00(" + b"K\x05" * 100 + b"eh\x00K\x06a."

    def key(item):
        unpickler = cppickle.Unpickler(io.BytesIO(stream))
        unpickler.memo = {0: items}
        assert unpickler.load() is items
        return item

    with pytest.raises(ValueError, match="list modified during sort"):
        items.sort(key=key)
    assert items == [1, 2, 3]


def with_state(cls, state):
    """A stream of an instance of a class in the module, with a state."""
    return (
        f"c{MODULE}\n{cls}\n".encode() + b")\x81" + pickle.dumps(state, 2)[2:-1] + b"b."
    )


SHADOWS = """
class Plain: pass
class Sets:
    def __setattr__(self, name, value): raise AttributeError(name)
class Descriptor:
    def __set__(self, obj, value): raise AttributeError("set")
    def __get__(self, obj, cls=None): return "got"
class Described: x = Descriptor()
class Slotted:
    __slots__ = ("x", "__dict__")
class State:
    def __setstate__(self, state): self.state = state
class Late:
    def __getattr__(self, name):
        if name == "__setstate__": return lambda state: vars(self).update(late=state)
        raise AttributeError(name)
class Meta(type):
    def __getattribute__(cls, name): return type.__getattribute__(cls, name)
class WithMeta(metaclass=Meta): pass
class DictProperty:
    kept = {}
    __dict__ = property(lambda self: DictProperty.kept)
class Instance(Plain):
    def __new__(cls):
        self = super().__new__(cls)
        self.__setstate__ = lambda state: self.__dict__.update(own=state)
        return self
class Error(Exception): pass
class Int(int): pass
"""
STATES = [
    {"x": 1},
    {"x": 1, "y": [2]},
    {"__class__": 1, "__dict__": 2, "__weakref__": 3},
    {},
    {1: 2},
    ({"x": 1}, None),
    (None, {"x": 1}),
    ({"y": 1}, {"x": 2}),
    5,
]
CLASSES = [
    *("Plain", "Sets", "Described", "Slotted", "State", "Late", "WithMeta"),
    *("DictProperty", "Instance", "Error", "Int"),
]


@pytest.mark.parametrize("state", STATES, ids=repr)
@pytest.mark.parametrize("cls", CLASSES)
def test_states(module, cls, state):
    def loaded(loads):
        exec(SHADOWS, vars(module))
        try:
            made = loads(with_state(cls, state))
        except Exception as error:
            return type(error), str(error)
        content = object.__getattribute__(made, "__dict__")
        told = repr(content), getattr(made, "x", None), module.DictProperty.kept
        return type(made).__name__, re.sub("0x[0-9a-f]+", "", str(told))

    assert loaded(cppickle.loads) == loaded(pickle.loads)


def test_names_of_attributes_are_interned(module):
    exec(SHADOWS, vars(module))
    name = "an_attribute_that_is_interned"
    made = cppickle.loads(with_state("Plain", {name: 1, "".join(["a", "b c"]): 2}))
    for key in vars(made):
        assert key is sys.intern(key)


def test_code_objects_are_shared_and_not_confused():
    def f(x):
        return x + 1

    stream = cppickle.dumps(f)
    first, second = cppickle.loads(stream), cppickle.loads(stream)
    assert first.__code__ is second.__code__
    assert first is not second
    assert first(1) == second(1) == 2


def test_a_replaced_guard_is_called(monkeypatch):
    stream = cppickle.dumps(lambda: 5)
    assert cppickle.loads(stream)() == 5
    called = []
    real = zipimport._unmarshal_code

    def replaced(*arguments):
        called.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(zipimport, "_unmarshal_code", replaced)
    assert cppickle.loads(stream)() == 5
    assert len(called) == 1


def test_code_of_another_version_is_refused_each_time():
    stream = bytearray(cppickle.dumps(lambda: 5))
    at = stream.index(importlib.util.MAGIC_NUMBER)
    stream[at] ^= 1
    for _ in range(3):
        with pytest.raises(ImportError, match="bad magic number"):
            cppickle.loads(bytes(stream))
