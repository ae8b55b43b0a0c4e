"""Reduce values that are wrong get the standard pickler's exception type."""

import collections
import copyreg
import pickle
import sys

import pytest

import cppickle


class Plain:
    pass


class Filled(list):
    pass


class Reduced:
    def __init__(self, make):
        self.make = make

    def __reduce_ex__(self, protocol):
        return self.make()


class NotATuple(list):
    pass


MALFORMED = {
    "None": lambda: None,
    "an int": lambda: 3,
    "a list": lambda: [Plain, ()],
    "an empty tuple": lambda: (),
    "one item": lambda: (Plain,),
    "seven items": lambda: (Plain, (), None, None, None, None, None),
    "eight items": lambda: (Plain, (), None, None, None, None, None, None),
    "callable missing": lambda: (None, ()),
    "callable a string": lambda: ("Plain", ()),
    "arguments None": lambda: (Plain, None),
    "arguments a list": lambda: (Plain, []),
    "arguments an int": lambda: (Plain, 1),
    "list items no iterator": lambda: (Filled, (), None, [1]),
    "list items an int": lambda: (Filled, (), None, 1),
    "list items False": lambda: (Filled, (), None, False),
    "dict items no iterator": lambda: (Filled, (), None, None, {1: 2}),
    "dict items an int": lambda: (Filled, (), None, None, 1),
    "dict items not pairs": lambda: (Filled, (), None, None, iter([1])),
    "dict items triples": lambda: (Filled, (), None, None, iter([(1, 2, 3)])),
    "dict items lists": lambda: (Filled, (), None, None, iter([[1, 2]])),
    "dict items pair then not": lambda: (Filled, (), None, None, iter([(1, 2), 3])),
    "setter not callable": lambda: (Plain, (), "state", None, None, "setter"),
    "setter an int": lambda: (Plain, (), "state", None, None, 1),
    "newobj without class": lambda: (copyreg.__newobj__, ()),
    "newobj of no class": lambda: (copyreg.__newobj__, (1,)),
    "newobj of an instance": lambda: (copyreg.__newobj__, (Plain(),)),
    "newobj of another class": lambda: (copyreg.__newobj__, (Plain,)),
    "newobj_ex with 2": lambda: (copyreg.__newobj_ex__, (Plain, ())),
    "newobj_ex with 4": lambda: (copyreg.__newobj_ex__, (Plain, (), {}, 1)),
    "newobj_ex of no class": lambda: (copyreg.__newobj_ex__, (1, (), {})),
    "newobj_ex of another class": lambda: (copyreg.__newobj_ex__, (Plain, (), {})),
    "newobj_ex arguments no tuple": lambda: (copyreg.__newobj_ex__, (Reduced, [], {})),
    "newobj_ex keywords no dict": lambda: (copyreg.__newobj_ex__, (Reduced, (), [])),
    "a string that names nothing": lambda: "no such name",
    "an empty string": lambda: "",
    "a string that names another": lambda: "Plain",
    "a dotted string that names nothing": lambda: "Plain.nothing",
    "bytes": lambda: b"Plain",
}


def outcome(module, obj, protocol):
    """The bytes, or the type of the exception."""
    try:
        return module.dumps(obj, protocol)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", MALFORMED)
def test_as_the_standard_pickler(name, protocol):
    obj = Reduced(MALFORMED[name])
    assert outcome(cppickle, obj, protocol) == outcome(pickle, obj, protocol)


def test_most_of_them_are_really_refused():
    refused = [
        name
        for name, make in MALFORMED.items()
        if isinstance(outcome(pickle, Reduced(make), 5), type)
    ]
    assert len(refused) > len(MALFORMED) * 0.8


class StrangeItems:
    """An iterator of list items that fails on the way."""

    def __iter__(self):
        return self

    def __next__(self):
        raise LookupError("no more")


@pytest.mark.parametrize("position", [3, 4])
def test_an_iterator_that_fails(position):
    value = [Filled, (), None, None, None]
    value[position] = StrangeItems()
    obj = Reduced(lambda: tuple(value))
    with pytest.raises(LookupError, match="no more"):
        cppickle.dumps(obj)


class ReduceExNotCallable:
    __reduce_ex__ = 5


class ReduceNone:
    __reduce_ex__ = None


class GetNewArgsWrong:
    def __getnewargs__(self):
        return 5


class GetNewArgsExWrong:
    def __getnewargs_ex__(self):
        return 5


class GetNewArgsExShort:
    def __getnewargs_ex__(self):
        return ((),)


class GetNewArgsExTypes:
    def __getnewargs_ex__(self):
        return [], {}


class GetStateNotCallable:
    __getstate__ = 5


class GetAttrRaises:
    def __getattribute__(self, name):
        raise ZeroDivisionError(name)


class Unreducible:
    def __reduce__(self):
        raise NotImplementedError


STRANGE = [
    ReduceExNotCallable,
    ReduceNone,
    GetNewArgsWrong,
    GetNewArgsExWrong,
    GetNewArgsExShort,
    GetNewArgsExTypes,
    GetStateNotCallable,
    GetAttrRaises,
    Unreducible,
]


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("kind", STRANGE)
def test_strange_hooks_as_the_standard_pickler(kind, protocol):
    obj = kind()
    assert outcome(cppickle, obj, protocol) == outcome(pickle, obj, protocol)


def test_a_copyreg_entry_that_is_no_function():
    copyreg.dispatch_table[Plain] = 5
    try:
        assert outcome(cppickle, Plain(), 5) is outcome(pickle, Plain(), 5) is TypeError
    finally:
        del copyreg.dispatch_table[Plain]


def test_a_reduce_value_of_a_tuple_subclass(same_bytes):
    pair = collections.namedtuple("pair", "f args")
    same_bytes(Reduced(lambda: pair(Plain, ())))


def test_the_reducer_s_references_are_given_back():
    token = Plain()
    before = sys.getrefcount(token)
    for make in [lambda: (token, ()), lambda: (Plain, (), token, 5), lambda: (token,)]:
        outcome(cppickle, Reduced(make), 5)
    assert sys.getrefcount(token) == before
