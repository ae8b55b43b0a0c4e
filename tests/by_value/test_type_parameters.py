"""Type parameters in brackets (PEP 695) and their defaults (PEP 696)."""

import pickle

import pytest
from support.source import define, since

import cppickle

pytestmark = pytest.mark.skipif(**since(3, 12))


def test_a_generic_function(in_fresh_process):
    source = """
        def first[T: (int, str)](items: list[T]) -> T: return items[0]
        """
    question = """
        (t,) = obj.__type_params__
        (obj([5]), t.__name__, t.__constraints__ == (int, str),
         obj.__annotations__["return"] is t, obj.__annotations__["items"] == list[t])
        """
    expected = (5, "T", True, True, True)
    assert in_fresh_process(define(source).first, question) == expected


def test_a_generic_class(in_fresh_process):
    source = """
        class Base: pass
        class Box[T: Base, *Ts, **P](Base):
            def __init__(self, item: T): self.item = item
            def map[U](self, f) -> "Box[U]": return Box(f(self.item))
        """
    made = define(source)
    question = """
        box, base = obj
        t, ts, p = box.__type_params__
        (box(3).map(str).item, box.__parameters__ == (t, ts, p), t.__bound__ is base,
         [x.__name__ for x in (t, ts, p)], box.__init__.__annotations__["item"] is t,
         box.map.__type_params__[0].__name__, box[base, [int]].__origin__ is box)
        """
    expected = ("3", True, True, ["T", "Ts", "P"], True, "U", True)
    assert in_fresh_process([made.Box, made.Base], question) == expected


def test_a_type_alias(in_fresh_process):
    source = """
        class C: pass
        type Plain = list[C]
        type Pair[T] = tuple[T, C]
        """
    made = define(source)
    question = """
        c, plain, pair = obj
        (t,) = pair.__type_params__
        (plain.__name__, plain.__value__ == list[c], pair.__value__ == tuple[t, c],
         pair[int].__args__ == (int,))
        """
    expected = ("Plain", True, True, True)
    sent = [made.C, made.Plain, made.Pair]
    assert in_fresh_process(sent, question) == expected


def test_a_type_alias_of_itself(in_fresh_process):
    question = """
        number, nested = obj.__value__.__args__
        (obj.__name__, obj.__module__, type(obj).__name__, number is int,
         nested.__origin__ is list, nested.__args__[0] is obj)
        """
    made = define("type Tree = int | list[Tree]")
    expected = ("Tree", made.Tree.__module__, "TypeAliasType", True, True, True)
    assert in_fresh_process(made.Tree, question) == expected


def test_type_aliases_of_each_other(in_fresh_process):
    made = define("type Even = None | list[Odd]\ntype Odd = tuple[Even, Even]")
    question = """
        even, odd = obj
        (odd.__value__.__args__ == (even, even),
         even.__value__.__args__[1].__args__[0] is odd)
        """
    assert in_fresh_process([made.Even, made.Odd], question) == (True, True)


def test_a_function_with_a_recursive_alias(in_fresh_process):
    source = """
        type Json = dict[str, Json] | list[Json] | str | int | None
        def depth(value: Json) -> int:
            if not isinstance(value, list):
                return 0
            return 1 + max(map(depth, value), default=0)
        """
    made = define(source)
    question = """
        json = obj.__annotations__['value']
        obj([[], [[]]]), json.__name__, json.__value__.__args__[1].__args__[0] is json
        """
    assert in_fresh_process(made.depth, question) == (3, "Json", True)


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_type_alias_of_itself_at_old_protocols(in_fresh_process, protocol):
    tree = define("type Tree = int | list[Tree]").Tree
    question = "obj.__value__.__args__[1].__args__[0] is obj"
    assert in_fresh_process(tree, question, protocol=protocol) is True


def test_a_generic_type_alias_of_itself_is_refused():
    tree = define("type Tree[T] = T | list[Tree[T]]").Tree
    with pytest.raises(pickle.PicklingError, match="refers to itself"):
        cppickle.dumps(tree)


def test_a_function_that_uses_a_type_alias(in_fresh_process):
    source = """
        type Numbers = list[int]
        def total(numbers: Numbers) -> int: return sum(numbers)
        """
    question = "obj([1, 2]), obj.__annotations__['numbers'].__value__ == list[int]"
    assert in_fresh_process(define(source).total, question) == (3, True)


def test_a_method_of_a_generic_class_alone(in_fresh_process):
    source = """
        class Box[T]:
            def get(self, other: T): return T.__name__, other
        """
    assert in_fresh_process(define(source).Box.get, "obj(None, 1)") == ("T", 1)


def test_type_parameters_are_shared(in_fresh_process):
    source = """
        class Box[T]:
            @staticmethod
            def parameter(): return T
        """
    question = "obj.parameter() is obj.__type_params__[0] is obj.__parameters__[0]"
    assert in_fresh_process(define(source).Box, question) is True


def test_a_generic_dataclass(in_fresh_process):
    source = """
        from dataclasses import dataclass, fields
        @dataclass(slots=True)
        class Box[T]:
            item: T
        """
    made = define(source)
    question = (
        "repr(obj[1]), obj[0](2) == obj[0](2), obj[0].__type_params__[0].__name__"
    )
    expected = ("Box(item=1)", True, "T")
    assert in_fresh_process([made.Box, made.Box(1)], question) == expected


@pytest.mark.skipif(**since(3, 13))
def test_defaults(in_fresh_process):
    source = """
        class C: pass
        class Box[T = C, **P = [int]]: pass
        class Array[*Ts = *tuple[int, ...]]: pass
        """
    made = define(source)
    question = """
        box, array, c = obj
        t, p = box.__type_params__
        (ts,) = array.__type_params__
        t.__default__ is c, p.__default__ == [int], ts.has_default()
        """
    sent = [made.Box, made.Array, made.C]
    assert in_fresh_process(sent, question) == (True, True, True)
