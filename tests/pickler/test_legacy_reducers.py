"""Reducers of multiprocessing and its copies that know less than the engine."""

import collections
import functools
import io
import multiprocessing.reduction
import pickle
import types

import pytest
from support.source import define

import cppickle
from cppickle.integrations.processes import ByValuePickler

SOURCE = """
import functools, types

class Base:
    def m(self): return "base"

class Sub(Base):
    def m(self): return "sub"
    def up(self): return super().m
    def __hidden(self): return "hidden"
    def hidden(self): return self.__hidden

class Patched:
    pass

Patched.m = lambda self: "patched"
tagged = functools.partial(Sub().up())
tagged.tag = "kept"

def tag_of(partial):
    return partial.tag

WORK = {
    "the method of a base": (Sub().up(), "base"),
    "a private name": (Sub().hidden(), "hidden"),
    "a lambda as method": (Patched().m, "patched"),
    "a method of a lambda": (types.MethodType(lambda n: n + 1, 4), 5),
    "a method in a partial": (functools.partial(Sub().up()), "base"),
    "an attribute of a partial": (functools.partial(tag_of, tagged), "kept"),
}
"""
work = define(SOURCE, __name__="work_by_value").WORK
EXTRA = multiprocessing.reduction.ForkingPickler._extra_reducers


def dumped(table, obj):
    file = io.BytesIO()
    pickler = cppickle.Pickler(file)
    pickler.dispatch_table = table
    pickler.dump(obj)
    return file.getvalue()


def test_a_bare_process_gets_what_was_meant(bare_worker):
    functions = [function for function, _ in work.values()]
    for stream in (dumped(EXTRA, functions), bytes(ByValuePickler.dumps(functions))):
        bare_worker.load(stream)
        answers = bare_worker.ask("[function() for function in obj]")
        assert answers == [expected for _, expected in work.values()]


def copy_of(reducer, module):
    """As it is in a package that began as a copy of multiprocessing."""
    made = types.FunctionType(reducer.__code__, reducer.__globals__, reducer.__name__)
    made.__module__ = module
    return made


LEGACY = {
    kind: reducer
    for kind, reducer in EXTRA.items()
    if reducer.__name__.startswith(("_reduce_method", "_reduce_partial"))
}


@pytest.mark.parametrize("module", ["loky.backend.reduction", "billiard.reduction"])
@pytest.mark.parametrize("mapping", [dict, collections.UserDict])
def test_copies_of_them(module, mapping):
    assert {types.MethodType, functools.partial, type(list.append)} <= set(LEGACY)
    table = mapping({kind: copy_of(one, module) for kind, one in LEGACY.items()})
    for function, expected in work.values():
        stream = dumped(table, function)
        assert stream == dumped({}, function)
        assert pickle.loads(stream)() == expected
    builtin = [list.append, int.__add__, [].append]
    assert dumped(table, builtin) == dumped({}, builtin)


def reduced_to_seven(obj):
    return int, (7,)


def test_others_for_the_same_types_are_honoured():
    function, _ = work["the method of a base"]
    ours = {types.MethodType: reduced_to_seven, functools.partial: reduced_to_seven}
    for table in (
        ours,
        collections.ChainMap(ours, EXTRA),
        collections.ChainMap(EXTRA, ours),  # as if the legacy ones were not there
    ):
        stream = dumped(table, [function, functools.partial(function)])
        assert pickle.loads(stream) == [7, 7]


@pytest.mark.parametrize(
    ("name", "module"),
    [("_reduce_method", "somewhere.reductions"), ("reduce_it", "somewhere.reduction")],
)
def test_names_that_look_like_theirs(name, module):
    own = copy_of(reduced_to_seven, module)
    own.__name__ = name
    function, _ = work["the method of a base"]
    assert pickle.loads(dumped({types.MethodType: own}, function)) == 7
