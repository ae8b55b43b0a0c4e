"""What only annotations name that are strings, as PEP 563 makes them, travels too."""

import pickle
import sys

import pytest
from support.source import define

import cppickle

FUTURE = "from __future__ import annotations\n"
SOURCE = f"""
{FUTURE if sys.version_info < (3, 15) else ""}
import concurrent.futures, decimal, typing
from typing import Annotated, Literal, Optional
LIMIT = 3
client = open(__import__("os").devnull, "rb")
Alias = Optional[int]
class Conf: value = 7
def optional(a: Optional[int], b: "Annotated[decimal.Decimal, LIMIT]" = 1) -> Conf:
    return a
def nested(a: typing.List["Conf"], b: "typing.Dict[str, 'Alias']"): pass
def dotted(a: concurrent.futures.Future, b: typing.Callable[[int], decimal.Decimal]):
    pass
def itself(a: itself): pass
def later(a: Missing): pass
def literal(
    a: Literal["client"], b: Annotated[int, "client"], c: "Annotated[int, 'client']"
): pass
def described(a: "the client that asks", b: "client", c: "client, if any"): pass
def remarked(a: "client-side", b: "client (optional)", c: "client: see there"): pass
def remarked2(a: "client or none", b: "client.", c: "3 client", d: ""): pass
def variadic(*args: Conf, **kwargs: Alias | None): pass
class Record:
    def method(self, other: Record, conf: Optional[Conf]) -> decimal.Decimal: pass
    @staticmethod
    def static(conf: Conf): pass
    @property
    def prop(self) -> Conf: pass
"""
HINTS = "import typing\nhints = typing.get_type_hints(obj, include_extras=True)\n"


@pytest.fixture
def made():
    with define(SOURCE).globals["client"]:
        yield define(SOURCE)


def test_hints_of_a_function(in_fresh_process, made):
    question = HINTS + (
        "import decimal\n(hints['a'] == typing.Optional[int],"
        "hints['b'] == typing.Annotated[decimal.Decimal, 3], hints['return'].value)"
    )
    assert in_fresh_process(made.optional, question) == (True, True, 7)


def test_strings_in_strings(in_fresh_process, made):
    question = HINTS + (
        "alias = typing.Optional[int]\n"
        "(hints['a'].__args__[0].value, hints['b'] == typing.Dict[str, alias])"
    )
    assert in_fresh_process(made.nested, question) == (7, True)


def test_submodules(in_fresh_process, made):
    """On the far side nobody has imported them."""
    question = HINTS + "hints['a'].__module__, str(hints['b'])"
    answer = ("concurrent.futures._base", "typing.Callable[[int], decimal.Decimal]")
    assert in_fresh_process(made.dotted, question) == answer


def test_methods(in_fresh_process, made):
    question = """
        import typing
        hints = typing.get_type_hints(obj.method)
        (hints["other"] is obj, hints["conf"].__args__[0].value,
         typing.get_type_hints(obj.static)["conf"].value,
         typing.get_type_hints(obj.prop.fget)["return"].value)
        """
    assert in_fresh_process(made.Record, question) == (True, 7, 7, 7)


def test_a_function_that_annotates_itself(in_fresh_process, made):
    question = HINTS + "hints['a'] is obj"
    assert in_fresh_process(made.itself, question) is True


def test_star_arguments(in_fresh_process, made):
    question = HINTS + "hints['args'].value, hints['kwargs'] == typing.Optional[int]"
    assert in_fresh_process(made.variadic, question) == (7, True)


def test_a_name_that_is_not_there(in_fresh_process, made):
    question = "try:\n    import typing; typing.get_type_hints(obj)\n"
    question += "except NameError as error:\n    name = error.name\nname"
    assert in_fresh_process(made.later, question) == "Missing"
    made.globals["Missing"] = int
    assert in_fresh_process(made.later, HINTS + "hints['a'] is int") is True


@pytest.mark.parametrize("name", ["literal", "described", "remarked", "remarked2"])
def test_texts_name_nothing(in_fresh_process, made, name):
    """What cannot be pickled keeps nobody's function from it."""
    question = "sorted(n for n in obj.__globals__ if n == 'client'), obj.__name__"
    assert in_fresh_process(getattr(made, name), question) == ([], name)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="an __annotate__ travels")
def test_texts_that_are_set_later(in_fresh_process, made):
    made.later.__annotations__ = {"a": "Conf", "\udc80": 1, "b": "\udc80", "c": "a b ("}
    question = "obj.__globals__['Conf'].value, list(obj.__annotations__)[0]"
    assert in_fresh_process(made.later, question) == (7, "a")


def test_a_change_of_what_is_named(made):
    def stream():
        return cppickle.dumps(made.optional)

    before = stream()
    assert before == stream() == stream() == stream()
    made.Conf.value = 8
    changed = stream()
    assert changed != before
    del made.globals["Conf"]
    assert stream() not in (before, changed)
    made.globals["Conf"] = made.globals["Alias"]
    assert pickle.loads(stream()).__globals__["Conf"] == made.globals["Alias"]
